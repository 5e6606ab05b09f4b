import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pack } from "msgpackr";
import { onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import type { Frame } from "../../src/inspector/recorder/frames.js";
import { eventually } from "./eventually.js";

/** A fake of a worker's inspector: it sends the frames that the test gives it. */
export class FakeInspector {
  readonly #server = createServer();
  readonly #sockets = new WebSocketServer({ noServer: true });
  /** Paths and queries of the connections, in their order. */
  readonly asked: string[] = [];
  /** Number of messages received; clients must not send any. */
  received = 0;

  /** @param greet called with each new connection. */
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
          this.received += 1;
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

  /** Bytes that clients have not read yet. */
  get unread(): number {
    return [...this.#sockets.clients].reduce((sum, { bufferedAmount }) => sum + bufferedAmount, 0);
  }

  close(code: number, reason = ""): void {
    for (const socket of this.#sockets.clients) socket.close(code, reason);
  }

  /** Waits until so many clients are connected. */
  async attached(count: number): Promise<void> {
    await eventually(() => this.#sockets.clients.size === count);
  }

  /** Terminates all connections without a close frame, as a killed worker does. */
  stop(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.close();
  }
}

/** Starts a fake inspector that sends this frame to each new client. */
export async function startFakeInspector(hello: Frame): Promise<{ inspector: FakeInspector; url: string }> {
  const inspector = new FakeInspector();
  const url = await inspector.start((socket) => socket.send(pack(hello)));
  return { inspector, url };
}
