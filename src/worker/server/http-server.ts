import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * The interface of the worker's HTTP servers: uWebSockets.js (`uws/`) and `node:http` (`node/`) implement it. It transports
 * bytes and does not interpret them.
 */

/** The head of a request. Valid until the endpoint returns. */
export interface RequestHead {
  /** In capitals. */
  readonly method: string;
  /** As the client sent it, without the query. */
  readonly path: string;
  /** After the question mark; empty without one. */
  readonly query: string;
  /** Bytes of the body; 0 without `content-length`. */
  readonly contentLength: number;
  /** A header by its name in lower case; empty where it is missing. */
  header(name: string): string;
  forEachHeader(visit: (name: string, value: string) => void): void;
}

/** Status and headers of an answer. The server adds the date, and headers of the connection. */
export interface ResponseHead {
  readonly status: number;
  /** Names and values alternate. A `date` is left out. */
  readonly headers: readonly string[];
  /** False where a value has characters beyond ASCII, each of which represents one byte. */
  readonly isAscii: boolean;
  /** The head of which this one is a copy with more headers behind: what was made of that head is used again. */
  readonly base?: ResponseHead;
}

/** A head with more headers, names and values in turn. */
export const withHeaders = (head: ResponseHead, more: readonly string[]): ResponseHead => ({
  status: head.status,
  headers: [...head.headers, ...more],
  isAscii: head.isAscii,
  base: head,
});

/** Receives a request's body, or the reason why it is incomplete. After the answer it receives nothing more. */
export interface RequestSink {
  /**
   * The next piece of the body; an empty body is one piece without bytes.
   *
   * @param piece valid during the call.
   */
  onPiece(piece: Buffer, isLast: boolean): void;
  onTooLarge(): void;
  onTooSlow(): void;
  /** The client has disconnected before it was answered. */
  onDisconnect(): void;
}

/** Produces an answer's body. */
export interface WriterSink {
  /** The client can take more. */
  onDrain(): void;
  /** After `end`: the whole body was handed over to the system. */
  onFinish(): void;
}

/** Writes an answer's body with back-pressure. */
export interface BodyWriter {
  /**
   * @param chunk is copied where it is kept.
   * @returns false when the producer is to pause until `onDrain`.
   */
  write(chunk: Buffer): boolean;
  /** The body is complete. */
  end(): void;
  /** Writes and calls nothing more: the client has disconnected, or the answer is ended elsewhere. */
  close(): void;
}

/** Answers one request, in one piece or in several. After `answer` and `close` it does nothing more. */
export interface Responder {
  /**
   * Reads the body, up to a limit in bytes, as long as it keeps coming. An endpoint that has not answered when it returns
   * must have called it: otherwise it does not learn that the client has disconnected.
   */
  receive(limit: number, sink: RequestSink): void;
  /** Reads no more of the body until {@link resume}; what was read already still comes. */
  pause(): void;
  resume(): void;
  /** @param close closes the connection. */
  answer(head: ResponseHead, body?: Buffer | string, close?: boolean): void;
  /** Answers before the end of the body, of which no more is read, and closes the connection a second later. */
  refuse(head: ResponseHead, body: string): void;
  /** @param length of the body in bytes; undefined where it is not known. */
  begin(head: ResponseHead, length: number | undefined, sink: WriterSink): BodyWriter;
  /** Closes the connection, which shows the client that the answer is incomplete. */
  close(): void;
}

/** Answers requests at a path. */
export interface HttpEndpoint {
  /** Exact; a segment such as `:id` stands for any one segment, and `/*` for all other paths. */
  readonly path: string;
  /** Methods that pages of other origins may use. @default POST */
  readonly methods?: string | undefined;
  handle(request: RequestHead, responder: Responder): void;
}

/** The connection to the client of a WebSocket. After its close it does nothing more. */
export interface ClientSocket {
  /**
   * @param frame is copied where it is kept.
   * @returns false when the sender is to pause until `onDrain`.
   */
  send(frame: Buffer, isBinary: boolean): boolean;
  /**
   * Closes the socket when more bytes arrive before the first message is complete. uWebSockets.js cannot do that: it keeps
   * every message until it is complete.
   *
   * @returns bytes that are kept of a first message at most.
   */
  limitFirstMessage(bytes: number): number;
  /** Reads nothing until `resume`; uWebSockets.js cannot do that, and reads on. */
  pause(): void;
  resume(): void;
  /** Closes with a handshake. @param code undefined: none. @param reason at most 123 bytes. */
  close(code?: number, reason?: string): void;
  /** Closes without a handshake. */
  terminate(): void;
}

/** Receives the frames of a WebSocket, and its close, unless it has closed the socket itself. */
export interface SocketSink {
  /** @param frame valid during the call. */
  onFrame(frame: Buffer, isBinary: boolean): void;
  onDrain(): void;
  /** @param code 1005 where the client sent none, 1006 for a broken connection. */
  onClose(code: number, reason: string): void;
}

/** Accepts WebSockets at a path, with the first subprotocol that a client offers. */
export interface SocketEndpoint {
  readonly path: string;
  /** A longer message closes the socket; uWebSockets.js has a lower limit of its own. */
  readonly maxMessageBytes: number;
  /** @param request valid during the call. @returns takes the socket once it is open. */
  accept(request: RequestHead): (socket: ClientSocket) => SocketSink;
}

/** Paths of a certificate and its private key, both PEM. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

export interface ListenOptions {
  /** Undefined: all interfaces. */
  readonly host: string | undefined;
  readonly port: number;
  /** Connections that may wait to be accepted; undefined: the server's own number. uWebSockets.js has no other. */
  readonly backlog?: number | undefined;
  /** Undefined for plain HTTP. The files have been checked. */
  readonly certificate: CertificateFiles | undefined;
  readonly endpoints: readonly HttpEndpoint[];
  readonly sockets: readonly SocketEndpoint[];
}

export interface HttpServer {
  /** Open connections. */
  readonly connections: number;
  /** Reads the certificate files again, for new connections; open ones continue. */
  renewCertificate(): Promise<void>;
  /** Accepts no more connections; requests over open ones are answered as before. */
  stopListening(): Promise<void>;
  /** Closes the port and every connection. */
  close(): void;
}

/** Starts a server. Rejects with an error that has the system's code, such as `EADDRINUSE`, where there is one. */
export type Listen = (options: ListenOptions) => Promise<HttpServer>;

/** Turns of the event loop that {@link quietTurn} waits at most. */
const MAX_TURNS = 100;

/**
 * For `stopListening`: settles after a turn of the event loop in which no connection was accepted. A connection that waits to
 * be accepted is reset when its port closes, and `node:http` accepts one per turn.
 *
 * @param accepted connections accepted so far.
 */
export async function quietTurn(accepted: () => number): Promise<void> {
  for (let turn = 0, before = -1; turn < MAX_TURNS && accepted() !== before; turn++) {
    before = accepted();
    await nextTurn();
  }
}
