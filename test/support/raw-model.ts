import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";

/** A request as the model received it, byte for byte. */
export interface ModelRequest {
  /** Request line and headers. */
  readonly head: string;
  readonly path: string;
  /** By their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** What is written here goes out as it is. */
  readonly socket: Socket;
}

/** What the model does with a request. */
export type Behaviour = (request: ModelRequest) => void | Promise<void>;

/** What a plain answer has. */
export interface PlainAnswer {
  readonly status?: number;
  /** Names and values in turn; `content-length` is added. */
  readonly headers?: readonly string[];
  readonly body?: Buffer | string;
}

const CRLF = "\r\n";

/** Bytes of an HTTP head; header text is latin1, so that every byte can be written. */
export function headBytes(status: number, headers: readonly string[]): Buffer {
  let head = `HTTP/1.1 ${status} Status${CRLF}`;
  for (let index = 0; index < headers.length; index += 2) {
    head += `${headers[index]}: ${headers[index + 1]}${CRLF}`;
  }
  return Buffer.from(head + CRLF, "latin1");
}

/** A piece of a chunked body. */
export function chunkBytes(piece: Buffer | string): Buffer {
  const bytes = Buffer.from(piece);
  return Buffer.concat([Buffer.from(bytes.length.toString(16) + CRLF), bytes, Buffer.from(CRLF)]);
}

/** The end of a chunked body. */
export const LAST_CHUNK = `0${CRLF}${CRLF}`;

/** Writes as soon as there is room. @returns false when the worker has closed the connection. */
export const written = (socket: Socket, bytes: Buffer | string): Promise<boolean> =>
  new Promise((resolve) => {
    if (socket.destroyed) resolve(false);
    else socket.write(bytes, (error) => resolve(error == null));
  });

/** Resolves when the connection is closed, by whomever. */
export const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once("close", () => resolve());
  });

/** Answers with these bytes and leaves the connection as it is. */
export const raw =
  (bytes: Buffer | string): Behaviour =>
  ({ socket }) => {
    socket.write(bytes);
  };

/** Answers with these bytes, then closes the connection. */
export const rawThenClose =
  (bytes: Buffer | string): Behaviour =>
  ({ socket }) => {
    socket.end(bytes);
  };

/** Answers with a body of known length. */
export const plain = ({ status = 200, headers = [], body = "" }: PlainAnswer = {}): Behaviour => {
  const bytes = Buffer.from(body);
  return raw(Buffer.concat([headBytes(status, [...headers, "content-length", `${bytes.length}`]), bytes]));
};

/** Answers with a chunked body, a write per piece. */
export const chunked =
  (headers: readonly string[], pieces: readonly (Buffer | string)[]): Behaviour =>
  ({ socket }) => {
    socket.write(headBytes(200, [...headers, "transfer-encoding", "chunked"]));
    for (const piece of pieces) socket.write(chunkBytes(piece));
    socket.write(LAST_CHUNK);
  };

/** Answers nothing. */
export const silent: Behaviour = () => {};

/**
 * A model server that the test controls: each path does what the test sets, on the bare socket, so that every
 * byte of an answer, and every way to break it off, is possible. It keeps what it received.
 */
export class RawModel {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #behaviours = new Map<string, Behaviour>();
  readonly #onHeads = new Map<string, Behaviour>();
  readonly #requests: ModelRequest[] = [];
  #port = 0;

  constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
  }

  static async start(): Promise<RawModel> {
    const model = new RawModel();
    await model.listen();
    return model;
  }

  get port(): number {
    return this.#port;
  }

  /** All requests, oldest first. */
  get requests(): readonly ModelRequest[] {
    return this.#requests;
  }

  /** The newest request. @throws when there was none. */
  get last(): ModelRequest {
    const last = this.#requests.at(-1);
    if (last === undefined) throw new Error("the model was not asked");
    return last;
  }

  /** What it was sent as JSON to a path, oldest first. */
  bodiesAt(path: string): readonly unknown[] {
    return this.#requests
      .filter((request) => request.path === path)
      .map(({ body }) => JSON.parse(body.toString()) as unknown);
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** From now on requests to this path are dealt with like this; without it they are answered `{}`. */
  on(path: string, behaviour: Behaviour): void {
    this.#behaviours.set(path, behaviour);
  }

  /** The same for requests whose body has not come yet; it is not read either, undefined ends that. */
  onHead(path: string, behaviour: Behaviour | undefined): void {
    if (behaviour === undefined) this.#onHeads.delete(path);
    else this.#onHeads.set(path, behaviour);
  }

  /** Listens, on the same port as before if it did. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Accepts no more connections, and destroys the open ones. */
  async stop(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {});
    let pieces: Buffer[] = [];
    let size = 0;
    let wanted = 0;
    socket.on("data", (piece) => {
      pieces.push(piece);
      size += piece.length;
      while (size > 0 && size >= wanted) {
        const bytes = Buffer.concat(pieces);
        const parsed = parse(bytes, socket);
        const early = "begun" in parsed ? this.#onHeads.get(parsed.begun.path) : undefined;
        if ("begun" in parsed && early !== undefined) {
          void early(parsed.begun);
          return;
        }
        wanted = "wanted" in parsed ? parsed.wanted : 0;
        const rest = "wanted" in parsed ? bytes : bytes.subarray(parsed.length);
        pieces = [rest];
        size = rest.length;
        if ("wanted" in parsed) break;
        this.#requests.push(parsed.request);
        void (this.#behaviours.get(parsed.request.path) ?? plain({ body: "{}" }))(parsed.request);
      }
    });
  }
}

/** The request at the beginning of the bytes, or how many bytes it takes before it makes sense to look again. */
function parse(
  bytes: Buffer,
  socket: Socket,
):
  | { readonly wanted: number; readonly begun?: ModelRequest }
  | { readonly request: ModelRequest; readonly length: number } {
  const end = bytes.indexOf(CRLF + CRLF);
  if (end < 0) return { wanted: bytes.length + 1 };
  const head = bytes.toString("latin1", 0, end);
  const [requestLine = "", ...lines] = head.split(CRLF);
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const start = end + 4;
  const length = start + Number(headers.get("content-length") ?? 0);
  const path = requestLine.split(" ")[1] ?? "";
  const request = { head, path, headers, body: bytes.subarray(start, length), socket };
  return bytes.length < length ? { wanted: length, begun: request } : { request, length };
}
