import { expect, test } from "vitest";
import { Serverless } from "../../../../src/client/index.js";
import { eventually } from "../../../support/eventually.js";

const WORKER = { endpoint: "llm", url: "http://worker", signature: "s", cost: 1, reqnum: 1, request_idx: 3 };

/** A client whose requests at the worker are answered by the test. */
function client(maxConcurrency: number) {
  const open: ((response: Response) => void)[] = [];
  const fetch: typeof globalThis.fetch = (input) =>
    String(input).startsWith("http://worker")
      ? new Promise((resolve) => open.push(resolve))
      : Promise.resolve(Response.json(WORKER));
  const urls = { engineUrl: "http://engine", webUrl: null };
  const serverless = new Serverless({ apiKey: "key", ...urls, fetch, maxConcurrency });
  return { endpoint: serverless.endpoint("llm"), open };
}

/** Waits until so many requests have reached the worker, and gives others the time to follow. */
async function reached(open: readonly unknown[], count: number): Promise<void> {
  await eventually(() => open.length >= count);
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  expect(open).toHaveLength(count);
}

const endless = (): Response =>
  new Response(new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(1)) }), {
    headers: { "content-type": "text/event-stream" },
  });

test("no more requests than maxConcurrency are at a worker, and the next one follows the end of one", async () => {
  const { endpoint, open } = client(2);
  const all = [1, 2, 3, 4].map(() => endpoint.request("/go", {}));
  await reached(open, 2);
  expect(all.map(({ status }) => status)).toEqual(["in progress", "in progress", "queued", "queued"]);
  open[1]?.(Response.json({}));
  await all[1];
  await reached(open, 3);
  expect(all.map(({ status }) => status)).toEqual(["in progress", "complete", "in progress", "queued"]);
});

test("a request that is aborted in the line leaves its place to the next one", async () => {
  const { endpoint, open } = client(1);
  const [first, second, third] = [1, 2, 3].map(() => endpoint.request("/go", {}));
  await reached(open, 1);
  second?.cancel();
  await expect(second).rejects.toMatchObject({ name: "AbortError" });
  open[0]?.(Response.json({}));
  await first;
  await reached(open, 2);
  expect(third?.status).toBe("in progress");
});

test("a slot is released once, although a stream is cancelled by its signal and by its reader", async () => {
  const { endpoint, open } = client(1);
  const first = endpoint.request("/go", {}, { stream: true });
  await reached(open, 1);
  open[0]?.(endless());
  const stream = await first;
  first.cancel();
  await stream.response.body?.cancel().catch(() => {});
  const others = [1, 2].map(() => endpoint.request("/go", {}));
  await reached(open, 2);
  expect(others.map(({ status }) => status)).toEqual(["in progress", "queued"]);
});
