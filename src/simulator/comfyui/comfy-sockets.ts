import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { requestUrl } from "../request-url.js";
import type { ComfyMessage } from "./comfy-message.js";

/** Bytes that may wait for a client to read them; one that is further behind is cut off. */
const MOST_WAITING_BYTES = 1024 ** 2;

/** Whoever listens at `/ws`: all of them hear of every workflow. */
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
      // What is no WebSocket frame ends the connection, and nothing else.
      client.on("error", () => client.terminate());
      const status = { exec_info: { queue_remaining: waiting } };
      client.send(JSON.stringify({ type: "status", data: { status, sid } } satisfies ComfyMessage));
    });
  }

  tell(message: ComfyMessage): void {
    const text = JSON.stringify(message);
    for (const client of this.#server.clients) {
      if (client.bufferedAmount > MOST_WAITING_BYTES) client.terminate();
      else client.send(text);
    }
  }

  /** Ends all of them, as a server does that dies. */
  close(): void {
    for (const client of this.#server.clients) client.terminate();
  }
}
