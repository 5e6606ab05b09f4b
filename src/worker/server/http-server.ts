/**
 * What the worker needs of an HTTP server: the small interface behind which uWebSockets.js (`uws/`) and `node:http`
 * (`node/`) stand. It knows connections and bytes; what they mean is the business of whoever uses it.
 */

/** A request as it came in. Valid until the endpoint returns: what is needed later is read at once. */
export interface RequestHead {
  /** In capitals. */
  readonly method: string;
  /** Behind the question mark; empty where there is none. */
  readonly query: string;
  /** Bytes of the body; 0 where they are not announced. */
  readonly contentLength: number;
  /** A header by its name in small letters; empty where there is none. */
  header(name: string): string;
  forEachHeader(visit: (name: string, value: string) => void): void;
}

/** Status and headers of an answer. The server adds what belongs to the connection, and the date. */
export interface ResponseHead {
  readonly status: number;
  /** Names and values in turn. A `date` is left out. */
  readonly headers: readonly string[];
  /** False where a value holds characters beyond ASCII, each of which stands for one byte. */
  readonly isAscii: boolean;
}

/** Hears of a request's body, of why it does not come as a whole, and of a client that leaves before it was answered. */
export interface RequestSink {
  /**
   * The next piece of the body; an empty body is one piece without bytes. After the answer nothing more is heard.
   *
   * @param piece valid during the call.
   */
  onPiece(piece: Buffer, isLast: boolean): void;
  onTooLarge(): void;
  onTooSlow(): void;
  /** The client is gone; nothing can be told to it any more. */
  onGone(): void;
}

/** Whoever produces an answer's body. */
export interface WriterSink {
  /** There is room again. */
  onDrain(): void;
  /** After `end`: the whole body was handed over. */
  onFinish(): void;
}

/** Writes an answer's body as fast as the client takes it. */
export interface BodyWriter {
  /**
   * @param chunk is copied where it is kept.
   * @returns false when the producer is to pause until `onDrain`.
   */
  write(chunk: Buffer): boolean;
  /** The body is complete. */
  end(): void;
  /** Nothing more is written or heard: the client is gone, or somebody else ends the answer. */
  close(): void;
}

/** Answers one request: whole, or piece by piece. After `answer` and `close` it does nothing more. */
export interface Responder {
  /**
   * Reads the body, up to a limit in bytes, as long as it keeps coming. Whoever does not answer before the endpoint
   * returns must have called it by then: it tells, too, when the client is gone.
   */
  receive(limit: number, sink: RequestSink): void;
  /** @param close the connection is of no further use. */
  answer(head: ResponseHead, body?: Buffer | string, close?: boolean): void;
  /** Answers in the middle of a body, of which no more is read, and closes the connection a moment later. */
  refuse(head: ResponseHead, body: string): void;
  /** @param length of the body in bytes; undefined where it is not known. */
  begin(head: ResponseHead, length: number | undefined, sink: WriterSink): BodyWriter;
  /** Breaks the connection off, so that the client sees that the answer is not whole. */
  close(): void;
}

/** A path, and who answers there. */
export interface Endpoint {
  /** Exact; `/*` for all others. */
  readonly path: string;
  handle(request: RequestHead, responder: Responder): void;
}

/** The client's end of a WebSocket. After its close it does nothing more. */
export interface ClientSocket {
  /**
   * @param frame is copied where it is kept.
   * @returns false when the sender is to pause until `onDrain`.
   */
  send(frame: Buffer, isBinary: boolean): boolean;
  /**
   * Closes the socket when more bytes come before the first message is whole, where the server can do that;
   * uWebSockets.js, which keeps a message until it is whole, cannot.
   *
   * @returns the most that is kept of a first message before it is handed on, in bytes.
   */
  limitFirst(bytes: number): number;
  /** Reads nothing until `resume`, where the server can do that; uWebSockets.js cannot. */
  pause(): void;
  resume(): void;
  /** Closes with a handshake. @param code undefined: none is named. @param reason at most 123 bytes. */
  close(code?: number, reason?: string): void;
  /** Closes without one. */
  terminate(): void;
}

/** Hears of a WebSocket; of its close once, unless it closed the socket itself. */
export interface SocketSink {
  /** @param frame valid during the call. */
  onFrame(frame: Buffer, isBinary: boolean): void;
  onDrain(): void;
  /** @param code 1005 where the client named none, 1006 where it vanished. */
  onClose(code: number, reason: string): void;
}

/** A path to which clients connect with a WebSocket. Of the subprotocols that a client offers the first is chosen. */
export interface SocketEndpoint {
  readonly path: string;
  /** A longer message closes the socket; a server that keeps a message until it is whole may have a limit below it. */
  readonly maxMessageBytes: number;
  /** @param request still valid. @returns what takes the socket once it is open. */
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
  /** Undefined for plain HTTP. They are known to be readable. */
  readonly certificate: CertificateFiles | undefined;
  readonly endpoints: readonly Endpoint[];
  readonly sockets: readonly SocketEndpoint[];
}

/** A server that accepts connections. */
export interface HttpServer {
  /** Open connections. */
  readonly connections: number;
  /** Reads the certificate files again, for connections to come; those that stand go on. */
  renewCertificate(): Promise<void>;
  /** Accepts no more connections; requests over those that are open are answered as before. */
  stopListening(): Promise<void>;
  /** Closes the port and every connection. */
  close(): void;
}

/** Rejects with the system's code, such as `EADDRINUSE`, where one is known. */
export type Listen = (options: ListenOptions) => Promise<HttpServer>;
