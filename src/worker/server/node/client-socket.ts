import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { ClientSocket, SocketSink } from "../http-server.js";
import { HIGH_WATER } from "./limits.js";

/** Bytes around a message, in whatever number of frames a client sends it; and what was read behind it. */
const MAX_FRAMING = 64 * 1024;
/** Bytes of the header of a frame. */
const MAX_HEADER = 14;
/** Within the time after which a client counts as gone. The first that sees nothing of it sends it a ping. */
const LOOKS = 3;

/** A client's WebSocket on `ws`. */
export class NodeSocket implements ClientSocket {
  readonly #socket: WebSocket;
  readonly #connection: Socket;
  /** Undefined before the socket is taken and as soon as it is closed: nothing is heard of it then. */
  #sink: SocketSink | undefined;
  #isClosed = false;
  #isFull = false;
  #isPaused = false;
  /** Frames that the system has not taken yet. */
  #unsent = 0;
  /** Closes the socket when there are none of them left. */
  #closeWhenSent: (() => void) | undefined;
  readonly #timer: NodeJS.Timeout;
  /** Bytes that had come at the last look. */
  #read: number;
  #isPinged = false;

  /**
   * @param connection what the WebSocket is spoken on.
   * @param idleMs milliseconds without a sign of life after which the client counts as gone.
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
    this.#timer = setTimeout(() => this.#look(), idleMs / LOOKS);
    // That a part of a large frame was taken is a sign of life, too, and only the connection knows of it.
    connection.setTimeout(idleMs).on("timeout", () => {
      if (socket.bufferedAmount > 0) socket.terminate();
      else connection.setTimeout(idleMs);
    });
    socket
      // Of the forms in which `ws` gives a frame this is the one that it was left at.
      .on("message", (frame, isBinary) => this.#sink?.onFrame(frame as Buffer, isBinary))
      .on("close", (code, reason) => this.#onClose(code, reason.toString()))
      // What breaks the protocol closes the socket, and of that it is heard.
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

  limitFirst(bytes: number): number {
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
    if (!this.#take()) return;
    // The client's answer is to be read.
    this.#socket.resume();
    // The time that the client has for it begins when it has the frames before.
    if (this.#unsent === 0) this.#close(code, reason);
    else this.#closeWhenSent = () => this.#close(code, reason);
  }

  terminate(): void {
    if (this.#take()) this.#socket.terminate();
  }

  #close(code: number | undefined, reason: string): void {
    try {
      this.#socket.close(code, reason);
    } catch {
      // A code that may not be sent, such as 1006 (RFC 6455 §7.4.1).
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
    if (this.#take()) sink?.onClose(code, reason);
  }

  /** Looks whether the client is still there. */
  #look(): void {
    const { bytesRead } = this.#connection;
    // Behind what the client has not taken yet a ping could not be answered.
    if (bytesRead !== this.#read || this.#socket.bufferedAmount > 0) {
      this.#read = bytesRead;
      this.#isPinged = false;
    } else if (!this.#isPinged || this.#isPaused) {
      // While nothing is read no answer is seen, but a client that is gone for good refuses the ping.
      this.#isPinged = true;
      this.#socket.ping();
    } else {
      // Its close is heard of as of any other.
      this.#socket.terminate();
      return;
    }
    this.#timer.refresh();
  }

  /** @returns whether it was open until now. Nothing is heard of it afterwards. */
  #take(): boolean {
    const wasOpen = !this.#isClosed;
    this.#isClosed = true;
    this.#sink = undefined;
    clearTimeout(this.#timer);
    return wasOpen;
  }
}
