import http, { type IncomingMessage } from "node:http";
import https from "node:https";

/** Statuses of responses without a body. */
const BODILESS: readonly (number | undefined)[] = [204, 205, 304];

/** Milliseconds that an idle connection is kept: less than servers usually keep theirs. */
const IDLE_MS = 4000;

/**
 * A `fetch` over `node:http`, which takes a fifth of the CPU time of the global one: the machine that sends the requests
 * affects the measurement. It supports only what the client of this package uses: a URL, a text body, a signal. It keeps
 * connections alive, as many as there are requests, and follows no redirects.
 */
export function httpFetch(): typeof fetch {
  const options = { keepAlive: true, timeout: IDLE_MS };
  const overHttp = new http.Agent(options);
  const overHttps = new https.Agent(options);
  return (input, init) =>
    new Promise((resolve, reject) => {
      const url = new URL(String(input));
      const { body, headers, method = "GET", signal } = init ?? {};
      signal?.throwIfAborted();
      const text = typeof body === "string" ? body : "";
      const ask = url.protocol === "https:" ? https.request : http.request;
      const request = ask(url, {
        agent: url.protocol === "https:" ? overHttps : overHttp,
        method,
        headers: { ...(headers as Record<string, string>), "content-length": Buffer.byteLength(text) },
      });
      const onAbort = (): void => void request.destroy(signal?.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      request.on("response", (answer) => resolve(responseOf(answer)));
      request.on("error", reject);
      request.on("close", () => signal?.removeEventListener("abort", onAbort));
      request.end(text);
    });
}

function responseOf(answer: IncomingMessage): Response {
  const { headersDistinct, statusCode: status = 0 } = answer;
  const headers = Object.entries(headersDistinct).map(([name, values = []]): [string, string] => [
    name,
    values.join(", "),
  ]);
  if (!BODILESS.includes(status)) return new Response(bodyOf(answer), { status, headers });
  answer.resume();
  return new Response(null, { status, headers });
}

/** The body of a response, read at the rate of its reader. */
function bodyOf(answer: IncomingMessage): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        answer.on("data", (piece: Buffer) => {
          controller.enqueue(piece);
          if ((controller.desiredSize ?? 0) <= 0) answer.pause();
        });
        answer.on("end", () => controller.close());
        // No effect after the end.
        answer.on("error", (error) => controller.error(error));
      },
      pull: () => void answer.resume(),
      cancel: () => {
        // Chunks in flight must not reach a closed stream.
        answer.removeAllListeners("data").removeAllListeners("end");
        answer.destroy();
      },
    },
    { highWaterMark: 1 },
  );
}
