import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { requestUrl } from "../request.js";

/** A file that a node saved, as ComfyUI names it. */
export interface SavedFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: "output";
}

/** Output of a node that saves files, by kind. */
export type NodeOutput = Readonly<Record<string, readonly (SavedFile | boolean)[]>>;

/** A message of ComfyUI's WebSocket about the execution of a workflow. */
export type ComfyMessage =
  | { readonly type: "execution_start"; readonly data: Prompt & { readonly timestamp: number } }
  | { readonly type: "execution_cached"; readonly data: Prompt & { readonly nodes: readonly string[] } }
  /** `null`: the workflow has ended. */
  | { readonly type: "executing"; readonly data: Prompt & { readonly node: string | null } }
  | {
      readonly type: "progress";
      readonly data: Prompt & { readonly node: string; readonly value: number; readonly max: number };
    }
  | {
      readonly type: "executed";
      readonly data: Prompt & { readonly node: string; readonly output: NodeOutput };
    }
  | { readonly type: "execution_success"; readonly data: Prompt & { readonly timestamp: number } }
  | { readonly type: "status"; readonly data: { readonly status: QueueStatus; readonly sid?: string } };

interface Prompt {
  readonly prompt_id: string;
}

interface QueueStatus {
  readonly exec_info: { readonly queue_remaining: number };
}

/** Unsent bytes of a client; beyond that its connection is closed. */
const MAX_BUFFERED_BYTES = 1024 ** 2;

/** Clients of `/ws`: all of them receive messages about every workflow. */
export class ComfySockets {
  readonly #server = new WebSocketServer({ noServer: true });

  /** @param waiting workflows that are not done. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, waiting: number): void {
    const url = requestUrl(request);
    if (url?.pathname !== "/ws") {
      socket.destroy();
      return;
    }
    const sid = url.searchParams.get("clientId") ?? randomUUID().replaceAll("-", "");
    this.#server.handleUpgrade(request, socket, head, (client) => {
      // An invalid frame ends this connection only.
      client.on("error", () => client.terminate());
      const status = { exec_info: { queue_remaining: waiting } };
      client.send(JSON.stringify({ type: "status", data: { status, sid } } satisfies ComfyMessage));
    });
  }

  publish(message: ComfyMessage): void {
    const text = JSON.stringify(message);
    for (const client of this.#server.clients) {
      if (client.bufferedAmount > MAX_BUFFERED_BYTES) client.terminate();
      else client.send(text);
    }
  }

  /** Closes all connections, as a crash does. */
  close(): void {
    for (const client of this.#server.clients) client.terminate();
  }
}
