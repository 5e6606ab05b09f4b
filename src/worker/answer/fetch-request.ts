import type { RequestHead } from "../server/http-server.js";

/** Methods whose fetch-standard `Request` has no body. */
const hasNoBody = (method: string): boolean => method === "GET" || method === "HEAD";

/** A fetch-standard `Request` for user code, made of a head that was copied and the parts of a body, which stay valid. */
export type RequestMaker = (body: readonly Uint8Array[]) => Request;

/**
 * Copies the head of a request, which is valid during the call. Headers that fetch does not accept are left out.
 *
 * @param signal aborts when the client has disconnected.
 */
export function requestOf(path: string, head: RequestHead, signal: AbortSignal): RequestMaker {
  const { method } = head;
  const [url, headers] = [urlOf(path, head), headersOf(head)];
  return (body) => new Request(url, { method, headers, signal, ...(!hasNoBody(method) && bodyOf(body)) });
}

/** The same for a function that seldom reads the body: the stream of the body, which costs more than all else, is made late. */
export function lateRequestOf(path: string, head: RequestHead): RequestMaker {
  const { method } = head;
  const [url, headers] = [urlOf(path, head), headersOf(head)];
  return (body) => new LateRequest(url, { method, headers }, body);
}

/** Members of a `Request` that have to do with its body. */
const BODY_MEMBERS = [
  "arrayBuffer",
  "blob",
  "body",
  "bodyUsed",
  "bytes",
  "clone",
  "formData",
  "json",
  "text",
];

/** A request whose body becomes a stream when it is first used. */
class LateRequest extends Request {
  readonly #body: readonly Uint8Array[];
  #whole: Request | undefined;

  constructor(url: URL, init: RequestInit, body: readonly Uint8Array[]) {
    super(url, init);
    this.#body = body;
  }

  static {
    for (const name of BODY_MEMBERS) {
      Object.defineProperty(LateRequest.prototype, name, {
        get(this: LateRequest): unknown {
          const { method, headers } = this;
          this.#whole ??= new Request(this.url, {
            method,
            headers,
            ...(!hasNoBody(method) && bodyOf(this.#body)),
          });
          const member: unknown = Reflect.get(this.#whole, name);
          return typeof member === "function" ? member.bind(this.#whole) : member;
        },
      });
    }
  }
}

function headersOf(head: RequestHead): Headers {
  const headers = new Headers();
  head.forEachHeader((name, value) => {
    try {
      headers.append(name, value);
    } catch {
      // Not a header that fetch accepts.
    }
  });
  return headers;
}

function urlOf(path: string, head: RequestHead): URL {
  const origin = `http://${head.header("host")}`;
  const isHost = URL.canParse(origin) && new URL(origin).href === `${new URL(origin).origin}/`;
  return new URL(`${path}${head.query ? `?${head.query}` : ""}`, isHost ? origin : "http://localhost");
}

const bodyOf = (body: readonly Uint8Array[]) => ({ body: streamOf(body), duplex: "half" as const });

/** Nothing is copied of a body that user code does not read. */
function streamOf(body: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const parts = [...body];
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        const part = parts.shift();
        if (part === undefined) controller.close();
        else controller.enqueue(new Uint8Array(part));
      },
    },
    { highWaterMark: 0 },
  );
}
