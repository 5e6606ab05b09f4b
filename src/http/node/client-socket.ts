import type { WebSocket } from "ws";
import type { ClientSocket, SocketSink } from "../http-server.js";
import { HIGH_WATER } from "./limits.js";

/** A client's WebSocket on `ws`. */
export class NodeSocket implements ClientSocket {
  readonly #socket: WebSocket;
  readonly #idleMs: number;
  /** Undefined before the socket is taken and as soon as it is closed: nothing is heard of it then. */
  #sink: SocketSink | undefined;
  #closed = false;
  #isFull = false;
  /** Undefined while nothing is read: what the client sends would not be noticed. */
  #timer: NodeJS.Timeout | undefined;
  #isPinged = false;

  /** @param idleMs milliseconds without a sign of life after which the client counts as gone. */
  constructor(socket: WebSocket, idleMs: number, open: (socket: ClientSocket) => SocketSink) {
    this.#socket = socket;
    this.#idleMs = idleMs;
    socket
      .on("message", (frame, isBinary) => {
        this.#onAlive();
        // Of the forms in which `ws` gives a frame this is the one that it was left at.
        this.#sink?.onFrame(frame as Buffer, isBinary);
      })
      .on("ping", this.#onAlive)
      .on("pong", this.#onAlive)
      .on("close", (code, reason) => this.#onClose(code, reason.toString()))
      // What breaks the protocol closes the socket, and of that it is heard.
      .on("error", () => {});
    this.#watch();
    const sink = open(this);
    if (!this.#closed) this.#sink = sink;
  }

  send(frame: Buffer, isBinary: boolean): boolean {
    if (this.#closed || this.#socket.readyState !== this.#socket.OPEN) return true;
    this.#socket.send(Buffer.from(frame), { binary: isBinary }, this.#onSent);
    this.#isFull = this.#socket.bufferedAmount > HIGH_WATER;
    return !this.#isFull;
  }

  pause(): void {
    this.#socket.pause();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  resume(): void {
    if (this.#closed || this.#timer !== undefined) return;
    this.#socket.resume();
    this.#watch();
  }

  close(code?: number, reason = ""): void {
    if (!this.#take()) return;
    // The client's answer is to be read.
    this.#socket.resume();
    try {
      this.#socket.close(code, reason);
    } catch {
      // A code that may not be sent, such as 1006 (RFC 6455 §7.4.1).
      this.#socket.close();
    }
  }

  terminate(): void {
    if (this.#take()) this.#socket.terminate();
  }

  readonly #onSent = (): void => {
    if (!this.#isFull || this.#closed || this.#socket.bufferedAmount > HIGH_WATER) return;
    this.#isFull = false;
    this.#sink?.onDrain();
  };

  readonly #onAlive = (): void => {
    this.#isPinged = false;
    this.#timer?.refresh();
  };

  #onClose(code: number, reason: string): void {
    const sink = this.#sink;
    if (this.#take()) sink?.onClose(code, reason);
  }

  #watch(): void {
    this.#isPinged = false;
    this.#timer = setTimeout(() => this.#onSilence(), this.#idleMs / 2);
  }

  #onSilence(): void {
    if (this.#isPinged) {
      // Its close is heard of as of any other.
      this.#socket.terminate();
      return;
    }
    this.#isPinged = true;
    this.#socket.ping();
    this.#timer?.refresh();
  }

  /** @returns whether it was open until now. Nothing is heard of it afterwards. */
  #take(): boolean {
    const wasOpen = !this.#closed;
    this.#closed = true;
    this.#sink = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return wasOpen;
  }
}
