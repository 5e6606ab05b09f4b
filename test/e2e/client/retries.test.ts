import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { Serverless, type TsworkerError } from "../../../src/client/index.js";
import { freePort } from "../../support/free-port.js";
import { post, startedEngine } from "../../support/started-engine.js";
import { SOON, tinyEndpoint } from "../../support/tiny-endpoint.js";
import { workerStatus } from "../../support/worker-status.js";

const authOf = ({ body }: { readonly body: unknown }) =>
  (body as { auth_data: { request_idx: number; reqnum: number } }).auth_data;

const failing: readonly (readonly [string, (response: ServerResponse) => void])[] = [
  ["408", (response) => response.writeHead(408).end()],
  ["429", (response) => response.writeHead(429).end()],
  ["500", (response) => response.writeHead(500).end()],
  ["503", (response) => response.writeHead(503).end("{}")],
  ["no answer", (response) => response.destroy()],
  [
    "half an answer",
    (response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": 100 });
      response.write('{"text":', () => response.destroy());
    },
  ],
];

describe("a client whose request failed", () => {
  test.each(failing)("with %s sends it again", async (_, fail) => {
    const { endpoint } = await tinyEndpoint((response, _seen, tries) => {
      if (tries < 3) fail(response);
      else response.end('{"text":"hi"}');
    });
    const answer = await endpoint.request("/go", {}, { retry: SOON });
    expect(await answer.json()).toEqual({ text: "hi" });
  });

  test("requests a worker from the engine each time, as the same request", async () => {
    const { endpoint, engine, worker } = await tinyEndpoint((response, _seen, tries) => {
      response.writeHead(tries < 3 ? 503 : 200).end();
    });
    const answer = await endpoint.request("/go", {}, { cost: 7, retry: SOON });
    expect(worker.seen.map((seen) => authOf(seen).request_idx)).toEqual([1, 1, 1]);
    expect(new Set(worker.seen.map((seen) => authOf(seen).reqnum)).size).toBe(3);
    expect(answer.requestIdx).toBe(1);
    expect(engine.totals).toMatchObject({ requested: 1, requestedLoad: 7 });
  });

  test.each([301, 307])("with %i does not follow it, and reports the target", async (status) => {
    const { endpoint, worker } = await tinyEndpoint((response, { path }) => {
      if (path === "/go") response.writeHead(status, { location: "/secret" }).end();
      else response.end("secret");
    });
    await expect(endpoint.request("/go", {}, { retry: SOON })).rejects.toMatchObject({
      code: "WORKER_REFUSED",
      message: expect.stringMatching(/redirect to \/secret, which is not followed/),
    });
    expect(worker.seen.map(({ path }) => path)).toEqual(["/go"]);
  });

  test("because nothing listens reports the reason", async () => {
    const engine = await startedEngine();
    await post(engine, "/worker_status/", workerStatus({ url: `http://127.0.0.1:${await freePort()}` }));
    const endpoint = new Serverless({ apiKey: "key", engineUrl: engine.url }).endpoint("endpoint");
    await expect(endpoint.request("/go", {}, { retry: false })).rejects.toMatchObject({
      code: "WORKER_UNREACHABLE",
      message: expect.stringMatching(/no answer from the worker at .*\/go: connect ECONNREFUSED/),
    });
  });

  test("waits for the time in the worker's Retry-After", async () => {
    const { endpoint } = await tinyEndpoint((response, _seen, tries) => {
      response.writeHead(tries === 1 ? 429 : 200, { "retry-after": "1" }).end();
    });
    expect((await endpoint.request("/go", {}, { retry: SOON })).latency).toBeGreaterThanOrEqual(0.99);
  });

  test.each([400, 401, 404, 409, 410, 413, 422, 501])("with %i does not", async (status) => {
    const { endpoint, worker } = await tinyEndpoint((response) => response.writeHead(status).end());
    expect((await endpoint.request("/go", {}, { retry: SOON })).status).toBe(status);
    expect(worker.seen.length).toBe(1);
  });

  test("gives up after all tries, and reports each of them", async () => {
    const { endpoint, worker } = await tinyEndpoint((response, _seen, tries) => {
      if (tries === 2) response.destroy();
      else response.writeHead(503).end('{"error":"the worker is loading"}');
    });
    const error = await endpoint.request("/go", {}, { retry: { ...SOON, attempts: 3 } }).then(
      () => undefined,
      (reason: TsworkerError) => reason,
    );
    expect(error?.code).toBe("RETRIES_EXHAUSTED");
    expect(error?.message).toMatch(/\/go was tried 3 times in [\d.]+ s/);
    expect(error?.message).toContain(
      `1. the worker at ${worker.url} answered 503: {"error":"the worker is loading"}`,
    );
    expect(error?.message).toContain(`2. no answer from the worker at ${worker.url}/go`);
    expect(error?.cause).toMatchObject({
      errors: [{ code: "WORKER_REFUSED" }, { code: "WORKER_UNREACHABLE" }, { code: "WORKER_REFUSED" }],
    });
  });

  test("gives up immediately where the next try would be too late", async () => {
    const { endpoint, worker } = await tinyEndpoint((response) =>
      response.writeHead(503, { "retry-after": "3600" }).end(),
    );
    await expect(endpoint.request("/go", {}, { retry: { withinMs: 300_000 } })).rejects.toMatchObject({
      code: "RETRIES_EXHAUSTED",
      message: expect.stringContaining("without an answer; another try would have come too late"),
    });
    expect(worker.seen.length).toBe(1);
  });

  test("retries without a limit of tries", async () => {
    const { endpoint, worker } = await tinyEndpoint((response, _seen, tries) =>
      response.writeHead(tries <= 20 ? 503 : 200).end(),
    );
    expect((await endpoint.request("/go", {}, { retry: SOON })).ok).toBe(true);
    expect(worker.seen.length).toBe(21);
  });

  test("gives up only at the end of timeoutMs, and reports the workers that it tried", async () => {
    const { endpoint, worker } = await tinyEndpoint((response) => response.destroy());
    const startedAt = performance.now();
    const pending = endpoint.request("/go", {}, { timeoutMs: 5000, retry: { firstWaitMs: 100 } });
    await expect(pending).rejects.toThrow(`1. no answer from the worker at ${worker.url}/go`);
    await expect(pending).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:RETRIES_EXHAUSTED|REQUEST_TIMEOUT)$/),
      cause: { errors: expect.arrayContaining([expect.objectContaining({ code: "WORKER_UNREACHABLE" })]) },
    });
    expect(performance.now() - startedAt).toBeGreaterThan(4800);
    expect(worker.seen.length).toBeGreaterThan(1);
  });

  test("after attemptTimeoutMs disconnects from a worker that hangs", async () => {
    let disconnected: Promise<unknown> | undefined;
    const { endpoint, worker } = await tinyEndpoint((response, _seen, tries) => {
      if (tries === 1) disconnected = once(response, "close");
      else response.end("{}");
    });
    const options = { attemptTimeoutMs: 300, retry: { ...SOON, attempts: 20 } };
    expect((await endpoint.request("/go", {}, options)).ok).toBe(true);
    expect(worker.seen.length).toBeGreaterThan(1);
    await disconnected;
  });

  test("after attemptTimeoutMs in the middle of an answer that is no stream", async () => {
    const { endpoint } = await tinyEndpoint((response, _seen, tries) => {
      response.writeHead(200, { "content-type": "application/json" });
      if (tries === 1) response.write("{");
      else response.end("{}");
    });
    const options = { attemptTimeoutMs: 300, retry: { ...SOON, attempts: 20 } };
    expect(await (await endpoint.request("/go", {}, options)).json()).toEqual({});
  });

  test("by attemptTimeoutMs and without retries gets an error", async () => {
    const { endpoint } = await tinyEndpoint(() => {});
    await expect(endpoint.request("/go", {}, { attemptTimeoutMs: 300, retry: false })).rejects.toMatchObject({
      code: "REQUEST_TIMEOUT",
      message: expect.stringMatching(/\/go was not there within 0\.3 s.*attemptTimeoutMs/),
    });
  });

  test("reports the failures of a request when the engine has stopped in between", async () => {
    const { endpoint, engine } = await tinyEndpoint((response) => {
      void engine.outage({ kind: "status", status: 503 }).then(() => response.writeHead(503).end());
    });
    await expect(endpoint.request("/go", {}, { retry: SOON, timeoutMs: 2500 })).rejects.toMatchObject({
      code: "RETRIES_EXHAUSTED",
      cause: { errors: [{ code: "WORKER_REFUSED" }, { code: "ENGINE_UNREACHABLE" }] },
    });
  });

  test("stops immediately when it is cancelled between tries", async () => {
    const { endpoint } = await tinyEndpoint((response) =>
      response.writeHead(503, { "retry-after": "60" }).end(),
    );
    const pending = endpoint.request(
      "/go",
      {},
      { onStatus: (status) => status === "retrying" && pending.cancel() },
    );
    await expect(pending).rejects.toMatchObject({ name: "AbortError" });
    expect(pending.status).toBe("cancelled");
  });

  test("never retries a stream of which something was returned", async () => {
    const { endpoint, worker } = await tinyEndpoint((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('data: {"n":1}\n\n', () => response.destroy());
    });
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const event of await endpoint.request("/go", {}, { stream: true, retry: SOON })) {
        seen.push(event);
      }
    })();
    await expect(reading).rejects.toMatchObject({
      code: "ANSWER_BROKEN",
      message: expect.stringContaining(`the worker at ${worker.url} broke off`),
    });
    expect(seen).toEqual([{ n: 1 }]);
    expect(worker.seen.length).toBe(1);
  });
});
