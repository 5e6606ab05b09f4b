import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pack } from "msgpackr";
import { onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import type { Frame } from "../../src/inspector/recorder/frames.js";
import { eventually } from "./eventually.js";

/** A worker's inspector in the hands of a test, on its second port: it sends what the test says. */
export class InspectStand {
  readonly #server = createServer();
  readonly #sockets = new WebSocketServer({ noServer: true });
  /** Paths and queries at which somebody attached. */
  readonly asked: string[] = [];
  /** What clients sent, who are to send nothing. */
  heard = 0;

  /** @param greet what is done with each that attaches. */
  async start(greet: (socket: WebSocket) => void): Promise<string> {
    this.#server.on("upgrade", (request, socket, head) => {
      const path = request.url ?? "";
      if (!path.startsWith("/inspect/socket")) {
        socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        return;
      }
      this.asked.push(path);
      this.#sockets.handleUpgrade(request, socket, head, (attached) => {
        attached.on("message", () => {
          this.heard += 1;
        });
        greet(attached);
      });
    });
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    onTestFinished(() => this.stop());
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  send(frame: Frame): void {
    for (const socket of this.#sockets.clients) socket.send(pack(frame));
  }

  /** Bytes that clients have not taken yet. */
  get unread(): number {
    return [...this.#sockets.clients].reduce((sum, { bufferedAmount }) => sum + bufferedAmount, 0);
  }

  close(code: number, reason = ""): void {
    for (const socket of this.#sockets.clients) socket.close(code, reason);
  }

  /** Waits until so many are attached. */
  async attached(count: number): Promise<void> {
    await eventually(() => this.#sockets.clients.size === count);
  }

  /** Ends without a word, as a killed worker does. */
  stop(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.close();
  }
}

/** An inspector that greets with this frame. */
export async function inspectStand(hello: Frame): Promise<{ stand: InspectStand; url: string }> {
  const stand = new InspectStand();
  const url = await stand.start((socket) => socket.send(pack(hello)));
  return { stand, url };
}
