import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { SOON, tinyEndpoint } from "../../support/tiny-endpoint.js";

describe("the time of a request is over", () => {
  test("while its worker is silent: an error, and the client disconnects", async () => {
    let left: Promise<unknown> | undefined;
    const { endpoint } = await tinyEndpoint((response) => {
      left = once(response, "close");
    });
    const pending = endpoint.request("/go", {}, { timeoutMs: 1500 });
    await expect(pending).rejects.toMatchObject({
      code: "REQUEST_TIMEOUT",
      message: expect.stringMatching(/within 1\.5 s: it was at a worker.*timeoutMs/),
    });
    expect(pending.status).toBe("errored");
    await left;
  });

  test("at a worker after a failed try: an error that reports both", async () => {
    const { endpoint, worker } = await tinyEndpoint((response, _seen, tries) => {
      if (tries === 1) response.writeHead(503).end("loading");
    });
    await expect(endpoint.request("/go", {}, { timeoutMs: 4000, retry: SOON })).rejects.toMatchObject({
      code: "REQUEST_TIMEOUT",
      message: expect.stringContaining(
        `(${worker.url}); give it more time with timeoutMs; tries that failed before:\n  1. the worker at ${worker.url} answered 503: loading`,
      ),
      cause: { errors: [{ code: "WORKER_REFUSED" }] },
    });
  });

  test("in the middle of a stream", async () => {
    let left: Promise<unknown> | undefined;
    const { endpoint } = await tinyEndpoint((response) => {
      left = once(response, "close");
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    });
    const pending = endpoint.request("/go", {}, { stream: true, timeoutMs: 1500 });
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const event of await pending) seen.push(event);
    })();
    await expect(reading).rejects.toMatchObject({ code: "REQUEST_TIMEOUT" });
    expect(seen).toEqual([1]);
    expect(pending.status).toBe("errored");
    await left;
  });

  test("in the line: nothing is sent to a worker", async () => {
    const { endpoint, worker } = await tinyEndpoint(() => {}, { maxConcurrency: 1 });
    const first = endpoint.request("/go", {});
    await expect(endpoint.request("/go", {}, { timeoutMs: 100 })).rejects.toMatchObject({
      code: "REQUEST_TIMEOUT",
      message: expect.stringContaining("waiting in the client's line"),
    });
    first.cancel();
    await expect(first).rejects.toThrow();
    expect(worker.seen.length).toBeLessThanOrEqual(1);
  });

  test("before the next try: an immediate error, with the failures", async () => {
    const { endpoint, worker } = await tinyEndpoint((response) =>
      response.writeHead(503, { "retry-after": "5" }).end(),
    );
    await expect(endpoint.request("/go", {}, { timeoutMs: 4000 })).rejects.toMatchObject({
      code: "RETRIES_EXHAUSTED",
    });
    expect(worker.seen.length).toBe(1);
  });

  test("during retries", async () => {
    const { endpoint } = await tinyEndpoint((response) => response.writeHead(503).end());
    const startedAt = performance.now();
    const retry = { ...SOON, attempts: Number.POSITIVE_INFINITY };
    await expect(endpoint.request("/go", {}, { timeoutMs: 500, retry })).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:RETRIES_EXHAUSTED|REQUEST_TIMEOUT|ENGINE_UNREACHABLE)$/),
    });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

test("attemptTimeoutMs does not limit a stream that has begun", async () => {
  const { endpoint } = await tinyEndpoint((response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    setTimeout(() => response.end("data: 2\n\n"), 2000);
  });
  const seen: unknown[] = [];
  const stream = await endpoint.request("/go", {}, { stream: true, attemptTimeoutMs: 1500, retry: SOON });
  for await (const event of stream) seen.push(event);
  expect(seen).toEqual([1, 2]);
});

test.each([Number.POSITIVE_INFINITY, 1e12])(
  "a time of %d ms does not expire immediately",
  async (timeoutMs) => {
    const { endpoint } = await tinyEndpoint((response) => void setTimeout(() => response.end("{}"), 50));
    expect((await endpoint.request("/go", {}, { timeoutMs })).ok).toBe(true);
  },
);

test("all invalid numbers are reported immediately", async () => {
  const { endpoint, engine } = await tinyEndpoint((response) => response.end("{}"));
  const retry = { attempts: Number.NaN, withinMs: -1 };
  const pending = endpoint.request(
    "/go",
    {},
    {
      cost: Number.NaN,
      timeoutMs: 0,
      attemptTimeoutMs: Number.NaN,
      retry,
    },
  );
  await expect(pending).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(
      /cost: .*got NaN; timeoutMs: .*got 0; attemptTimeoutMs: .*got NaN; retry.attempts: .*; retry.withinMs: /,
    ),
  });
  expect(pending.status).toBe("errored");
  expect(engine.totals.requested).toBe(0);
});
