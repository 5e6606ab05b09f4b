import type { RequestHead } from "../server/http-server.js";

/** Methods whose fetch-standard `Request` has no body. */
const hasNoBody = (method: string): boolean => method === "GET" || method === "HEAD";

/**
 * Copies the head of a request, which is valid during the call.
 *
 * @param signal aborts when the request has ended. @default one that never does
 * @returns makes a fetch-standard `Request` of it and the parts of a body, which stay valid. Headers that fetch does not accept are left out.
 */
export function requestOf(
  path: string,
  head: RequestHead,
  signal?: AbortSignal,
): (body: readonly Uint8Array[]) => Request {
  const { method } = head;
  const headers = new Headers();
  head.forEachHeader((name, value) => {
    try {
      headers.append(name, value);
    } catch {
      // Not a header that fetch accepts.
    }
  });
  const origin = `http://${head.header("host")}`;
  const isHost = URL.canParse(origin) && new URL(origin).href === `${new URL(origin).origin}/`;
  const url = new URL(`${path}${head.query ? `?${head.query}` : ""}`, isHost ? origin : "http://localhost");
  return (body) =>
    new Request(url, {
      method,
      headers,
      ...(signal !== undefined && { signal }),
      ...(!hasNoBody(method) && { body: streamOf(body), duplex: "half" as const }),
    });
}

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
