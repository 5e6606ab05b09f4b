import { createHash } from "node:crypto";
import { IncomingMessage } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { eventually } from "./eventually.js";
import { type Behaviour, headBytes, type ModelRequest } from "./raw-model.js";

/** A message of a WebSocket: a text, or bytes. */
export type Message = string | Buffer;

/** How a WebSocket was closed. */
export interface Closed {
  /** 1005: none was named; 1006: without a handshake. */
  readonly code: number;
  readonly reason: string;
}

/** Keeps what comes over a WebSocket. */
export class Received {
  /** Oldest first. */
  readonly messages: Message[] = [];
  /** Undefined while it is open. */
  closed: Closed | undefined;

  constructor(socket: WebSocket) {
    socket
      .on("message", (data: Buffer, isBinary) => this.messages.push(isBinary ? data : data.toString()))
      .on("close", (code, reason) => {
        this.closed = { code, reason: reason.toString() };
      })
      .on("error", () => {});
  }

  /** Waits for its close. */
  isClosed(timeoutMs = 60_000): Promise<Closed> {
    return eventually(() => this.closed ?? false, { timeoutMs });
  }

  /** Waits until so many messages came. */
  async receives(count: number, timeoutMs = 60_000): Promise<readonly Message[]> {
    await eventually(
      () => {
        if (this.messages.length >= count) return;
        throw new Error(`expected ${count} messages, got ${this.messages.length}`);
      },
      { timeoutMs },
    );
    return this.messages;
  }
}

/** A WebSocket that the model has accepted, in the hands of the test. */
export class ModelEnd extends Received {
  readonly socket: WebSocket;
  readonly request: ModelRequest;

  constructor(socket: WebSocket, request: ModelRequest) {
    super(socket);
    this.socket = socket;
    this.request = request;
  }

  /** Waits until the connected client has seen that it was accepted: from then on it answers a ping. */
  async isKnown(): Promise<void> {
    if (this.socket.readyState !== this.socket.OPEN || this.socket.isPaused) return;
    await new Promise((resolve) => {
      this.socket.once("pong", resolve).once("close", resolve);
      this.socket.ping();
    });
  }
}

/** Makes a `RawModel` accept WebSockets. It keeps those that it accepted, oldest first. */
export class SocketModel {
  readonly ends: ModelEnd[] = [];
  readonly #onAccepted: (end: ModelEnd) => void;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 2 ** 30 });

  /** @param onAccepted what to do with each at once. */
  constructor(onAccepted: (end: ModelEnd) => void = () => {}) {
    this.#onAccepted = onAccepted;
  }

  readonly accept: Behaviour = (request) => {
    const { socket, path, headers } = request;
    socket.removeAllListeners("data");
    const message = new IncomingMessage(socket);
    Object.assign(message, { method: "GET", url: path, headers: Object.fromEntries(headers) });
    this.#server.handleUpgrade(message, socket, Buffer.alloc(0), (webSocket) => {
      const end = new ModelEnd(webSocket, request);
      this.ends.push(end);
      this.#onAccepted(end);
    });
  };

  /** Waits until so many were accepted, and the newest one is known to be. @returns the newest one. */
  async accepted(count = 1): Promise<ModelEnd> {
    const newest = await eventually(() => {
      const end = this.ends[count - 1];
      if (end === undefined) throw new Error(`expected ${count} WebSockets, got ${this.ends.length}`);
      return end;
    });
    await newest.isKnown();
    return newest;
  }
}

/** Reads nothing any more, so that the pipe to the model fills up. */
export const stall = ({ socket }: ModelEnd): void => socket.pause();

/** Accepts a WebSocket and then does nothing at all: what comes over it is up to the test, byte for byte. */
export const acceptBare: Behaviour = ({ socket, headers }) => {
  socket.removeAllListeners("data").resume();
  const key = `${headers.get("sec-websocket-key")}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  socket.write(
    headBytes(101, ["upgrade", "websocket", "connection", "upgrade", "sec-websocket-accept", accept]),
  );
};
