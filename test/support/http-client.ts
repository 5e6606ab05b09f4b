import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { eventually } from "./eventually.js";

/** What a request has beside its URL. */
export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Anything but bytes and text goes out as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** An answer, whole or as far as it came. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** Names and values in turn, as they came; latin1. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** False when it ended before it was whole. */
  readonly complete: boolean;
  readonly json: () => unknown;
}

const bytesOf = (body: unknown): Buffer | string =>
  typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);

/** Sends a request over a connection of its own; resolves with the head of the answer. */
export async function open(
  url: string,
  { method = "POST", headers = {}, body = "", signal }: Asking = {},
): Promise<IncomingMessage> {
  const bytes = bytesOf(body);
  const asking = request(url, {
    method,
    headers: {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(bytes),
      connection: "keep-alive",
      ...(headers as Record<string, string>),
    },
    agent: false,
    ...(signal && { signal }),
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    // A server may answer before it was sent everything; what then happens to the connection is no news.
    asking.once("response", resolve).on("error", reject);
  });
  asking.end(bytes);
  return answered;
}

/** The rest of an answer. */
export async function read(answer: IncomingMessage): Promise<Reply> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of answer) pieces.push(piece as Buffer);
  } catch {
    // Broken off: `complete` is false then.
  }
  const body = Buffer.concat(pieces);
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    rawHeaders: answer.rawHeaders,
    body,
    complete: answer.complete,
    json: () => JSON.parse(body.toString()) as unknown,
  };
}

/** Sends a request and takes the whole answer. */
export const ask = async (url: string, asking: Asking = {}): Promise<Reply> => read(await open(url, asking));

/** A bare connection, for what no HTTP client would send. */
export class RawClient {
  readonly socket: Socket;
  /** Everything that came, latin1. */
  received = "";
  /** The other side has closed it. */
  closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes) => {
      this.received += bytes.toString("latin1");
    });
    socket.on("close", () => {
      this.closed = true;
    });
    socket.on("error", () => {});
  }

  static async connect(url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url);
    const client = new RawClient(connect({ host: hostname, port: Number(port), noDelay: true }));
    await once(client.socket, "connect");
    return client;
  }

  send(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  /** Waits until this came. */
  async receives(text: string | RegExp, timeoutMs = 30_000): Promise<void> {
    await eventually(
      () => {
        if (typeof text === "string" ? this.received.includes(text) : text.test(this.received)) return;
        throw new Error(`expected ${String(text)}, received ${JSON.stringify(this.received.slice(0, 2000))}`);
      },
      { timeoutMs },
    );
  }

  /** Waits until the other side has closed the connection. */
  async isClosed(timeoutMs = 30_000): Promise<void> {
    await eventually(() => this.closed, { timeoutMs });
  }

  leave(): void {
    this.socket.destroy();
  }
}
