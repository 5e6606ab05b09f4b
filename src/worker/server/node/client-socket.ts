import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { ClientSocket, SocketSink } from "../http-server.js";
import { HIGH_WATER } from "./limits.js";

/** Allowance for the framing of a message, and for bytes that were read behind it. */
const MAX_FRAMING = 64 * 1024;
/** Longest header of a frame, RFC 6455 §5.2. */
const MAX_HEADER = 14;
/** Checks within the idle time. The first check without received bytes sends a ping. */
const CHECKS = 3;

/** A client's WebSocket on `ws`. */
export class NodeSocket implements ClientSocket {
  readonly #socket: WebSocket;
  readonly #connection: Socket;
  /** Undefined before the socket is taken, and as soon as it is closed. */
  #sink: SocketSink | undefined;
  #isClosed = false;
  #isFull = false;
  #isPaused = false;
  /** Frames that were not handed over to the system yet. */
  #unsent = 0;
  /** Closes the socket when all frames were handed over. */
  #closeWhenSent: (() => void) | undefined;
  readonly #timer: NodeJS.Timeout;
  /** Bytes received until the last check. */
  #read: number;
  #isPinged = false;

  /**
   * @param connection that carries the WebSocket.
   * @param idleMs milliseconds without activity after which the client counts as disconnected.
   */
  constructor(
    socket: WebSocket,
    connection: Socket,
    idleMs: number,
    open: (socket: ClientSocket) => SocketSink,
  ) {
    this.#socket = socket;
    this.#connection = connection;
    this.#read = connection.bytesRead;
    this.#timer = setTimeout(() => this.#checkActivity(), idleMs / CHECKS);
    // A client that takes parts of a large frame is active, too; only the connection shows that.
    connection.setTimeout(idleMs).on("timeout", () => {
      if (socket.bufferedAmount > 0) socket.terminate();
      else connection.setTimeout(idleMs);
    });
    socket
      // `ws` passes frames as Buffers by default.
      .on("message", (frame, isBinary) => this.#sink?.onFrame(frame as Buffer, isBinary))
      .on("close", (code, reason) => this.#onClose(code, reason.toString()))
      // A protocol error closes the socket, which `close` reports.
      .on("error", () => {});
    const sink = open(this);
    if (!this.#isClosed) this.#sink = sink;
  }

  send(frame: Buffer, isBinary: boolean): boolean {
    if (this.#isClosed || this.#socket.readyState !== this.#socket.OPEN) return true;
    this.#unsent++;
    this.#socket.send(Buffer.from(frame), { binary: isBinary }, this.#onSent);
    this.#isFull = this.#socket.bufferedAmount > HIGH_WATER;
    return !this.#isFull;
  }

  limitFirstMessage(bytes: number): number {
    let limit = this.#connection.bytesRead + bytes + MAX_FRAMING;
    const onData = (): void => {
      if (this.#connection.bytesRead > limit) this.#socket.terminate();
    };
    // A ping is part of no message.
    const onPing = ({ length }: Buffer): void => {
      limit += length + MAX_HEADER;
    };
    this.#connection.on("data", onData);
    this.#socket.on("ping", onPing).on("pong", onPing);
    this.#socket.once("message", () => {
      this.#connection.off("data", onData);
      this.#socket.off("ping", onPing).off("pong", onPing);
    });
    return bytes + MAX_FRAMING;
  }

  pause(): void {
    if (this.#isClosed) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPaused || this.#isClosed) return;
    this.#isPaused = false;
    this.#isPinged = false;
    this.#socket.resume();
  }

  close(code?: number, reason = ""): void {
    if (!this.#markClosed()) return;
    // The client's answer must be read.
    this.#socket.resume();
    // The time limit for the answer begins when all frames before it were handed over.
    if (this.#unsent === 0) this.#close(code, reason);
    else this.#closeWhenSent = () => this.#close(code, reason);
  }

  terminate(): void {
    if (this.#markClosed()) this.#socket.terminate();
  }

  #close(code: number | undefined, reason: string): void {
    try {
      this.#socket.close(code, reason);
    } catch {
      // The code may not be sent, such as 1006 (RFC 6455 §7.4.1).
      this.#socket.close();
    }
  }

  readonly #onSent = (): void => {
    this.#unsent--;
    if (this.#unsent === 0) this.#closeWhenSent?.();
    if (!this.#isFull || this.#isClosed || this.#socket.bufferedAmount > HIGH_WATER) return;
    this.#isFull = false;
    this.#sink?.onDrain();
  };

  #onClose(code: number, reason: string): void {
    const sink = this.#sink;
    if (this.#markClosed()) sink?.onClose(code, reason);
  }

  /** Terminates the socket of a client that does not answer pings. */
  #checkActivity(): void {
    const { bytesRead } = this.#connection;
    // A ping behind unsent bytes could not be answered.
    if (bytesRead !== this.#read || this.#socket.bufferedAmount > 0) {
      this.#read = bytesRead;
      this.#isPinged = false;
    } else if (!this.#isPinged || this.#isPaused) {
      // While the socket is paused no answer is read, but a closed connection rejects the ping.
      this.#isPinged = true;
      this.#socket.ping();
    } else {
      // `close` reports it.
      this.#socket.terminate();
      return;
    }
    this.#timer.refresh();
  }

  /** Marks it as closed, without further calls of the sink. @returns whether it was open until now. */
  #markClosed(): boolean {
    const wasOpen = !this.#isClosed;
    this.#isClosed = true;
    this.#sink = undefined;
    clearTimeout(this.#timer);
    return wasOpen;
  }
}
