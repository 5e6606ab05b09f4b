import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { GatewayOptions } from "../../../src/gateway/index.js";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { open, read } from "../../support/http-client.js";
import { post as postTo, startedEngine } from "../../support/started-engine.js";
import { codeIn, post, startedGateway } from "../../support/started-gateway.js";
import { tinyEndpoint } from "../../support/tiny-endpoint.js";
import { tinyWorker } from "../../support/tiny-worker.js";
import { workerStatus } from "../../support/worker-status.js";

const body = { model: "m", prompt: "Hello" };
const json = { "content-type": "application/json" };

/** A gateway before an engine with one worker that answers as the test says. */
async function gatewayTo(
  answer: (response: ServerResponse, tries: number) => void,
  options: Partial<GatewayOptions> = {},
) {
  const { engine, worker } = await tinyEndpoint((response, _, tries) => answer(response, tries));
  const gateway = await startedGateway(engine.url, options);
  return { engine, gateway, worker, url: `${gateway.url}/v1/completions` };
}

/** A port that accepts connections, reads a request, and answers these bytes before it closes. */
async function rawWorker(bytes: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(bytes));
  });
  const port = await freePort();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  return `http://127.0.0.1:${port}`;
}

describe("a request is tried again", () => {
  test.each([
    ["503 of a worker that is not ready", 503, { error: "the worker is loading" }],
    ["503 of a model that is overloaded", 503, { error: { message: "overloaded" } }],
    ["502 of a worker whose model is gone", 502, { error: "the model is unreachable or broke off" }],
    ["429 of a worker whose queue is full", 429, { error: "the queue takes 31 s, the limit is 30 s" }],
    ["401 of a worker that has no key yet", 401, { error: "the signature cannot be checked yet" }],
  ])("after %s, with the same request_idx", async (_, status, refusal) => {
    const { worker, url } = await gatewayTo((response, tries) => {
      if (tries < 3) response.writeHead(status, json).end(JSON.stringify(refusal));
      else response.writeHead(200, json).end('{"text":"done"}');
    });
    const response = await post(url, body);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ text: "done" });
    const tried = worker.seen.map(
      ({ body: sent }) => (sent as { auth_data: Record<string, number> }).auth_data,
    );
    expect(new Set(tried.map(({ request_idx }) => request_idx)).size).toBe(1);
    expect(new Set(tried.map(({ reqnum }) => reqnum)).size).toBe(3);
  });

  test.each([
    ["before the head", ""],
    ["within the head", "HTTP/1.1 200 OK\r\ncontent-le"],
    [
      "within a short answer, of which the client has nothing",
      "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{",
    ],
    ["within an error", "HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\n{"],
    ["after an answer that is no HTTP", "SSH-2.0-OpenSSH_9.2\r\n"],
  ])("at another worker, when a connection ends %s", async (_, bytes) => {
    const engine = await startedEngine();
    const url = await rawWorker(bytes);
    // Fast enough to be named first.
    await postTo(engine, "/worker_status/", workerStatus({ id: 1, url, max_perf: 1e6 }));
    const good = await tinyWorker((response) => response.writeHead(200, json).end('{"text":"done"}'));
    await good.announce(engine, { id: 2 });
    const gateway = await startedGateway(engine.url);
    const response = await post(`${gateway.url}/v1/completions`, body);
    expect(response.status).toBe(200);
    expect(good.seen.length).toBe(1);
  });

  test("at another worker, when the first accepts no connection", async () => {
    const engine = await startedEngine();
    const url = `http://127.0.0.1:${await freePort()}`;
    await postTo(engine, "/worker_status/", workerStatus({ id: 1, url, max_perf: 1e6 }));
    const good = await tinyWorker((response) => response.writeHead(200, json).end("{}"));
    await good.announce(engine, { id: 2 });
    const gateway = await startedGateway(engine.url);
    expect((await post(`${gateway.url}/v1/completions`, body)).status).toBe(200);
  });

  test("as soon as a worker is ready, when none was", async () => {
    const engine = await startedEngine();
    const gateway = await startedGateway(engine.url);
    const asking = post(`${gateway.url}/v1/completions`, body);
    await eventually(() => engine.totals.requested === 1);
    const worker = await tinyWorker((response) => response.writeHead(200, json).end("{}"));
    await worker.announce(engine);
    expect((await asking).status).toBe(200);
  });
});

describe("a request is not tried again", () => {
  test.each([
    ["400 of the model", 400, { error: { message: "no", type: "x" } }],
    ["429 of the model", 429, { error: { message: "slow down" } }],
    ["500", 500, { error: "the worker's own code failed" }],
    ["504, after the time of a whole request", 504, { error: "the model was silent for 60000 ms" }],
  ])("after %s", async (_, status, refusal) => {
    const { worker, url } = await gatewayTo((response) =>
      response.writeHead(status, json).end(JSON.stringify(refusal)),
    );
    expect((await post(url, body)).status).toBe(status);
    expect(worker.seen.length).toBe(1);
  });

  test("after the first byte of a stream: the client sees that it broke off", async () => {
    const { worker, url, gateway } = await gatewayTo((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: {}\n\n", () => response.destroy());
    });
    const reply = await read(await open(url, { body }));
    expect(reply.status).toBe(200);
    expect(reply.complete).toBe(false);
    expect(worker.seen.length).toBe(1);
    await eventually(() => gateway.active === 0);
  });

  test("when its client has left", async () => {
    const { worker, url, gateway } = await gatewayTo((response) =>
      response.writeHead(503, json).end('{"error":"no"}'),
    );
    const leaving = new AbortController();
    const asking = fetch(url, { method: "POST", body: JSON.stringify(body), signal: leaving.signal });
    await eventually(() => worker.seen.length > 0);
    leaving.abort();
    await expect(asking).rejects.toThrow();
    await eventually(() => gateway.active === 0);
  });
});

describe("tries have limits", () => {
  test("in number: the last refusal is the answer, with its Retry-After", async () => {
    const { worker, url } = await gatewayTo(
      (response) =>
        response.writeHead(429, { ...json, "retry-after": "7" }).end('{"error":"the queue takes 31 s"}'),
      { attempts: 3 },
    );
    const response = await post(url, body);
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("7");
    expect(await codeIn(response)).toBe("queue_full");
    expect(worker.seen.length).toBe(3);
  });

  test("in number: a model's own 503 is passed on as it is", async () => {
    const { url } = await gatewayTo(
      (response) =>
        response.writeHead(503, { ...json, "x-reason": "busy" }).end('{"error":{"message":"overloaded"}}'),
      { attempts: 2 },
    );
    const response = await post(url, body);
    expect([response.status, response.headers.get("x-reason")]).toEqual([503, "busy"]);
    expect(await response.json()).toEqual({ error: { message: "overloaded" } });
  });

  test("in number: 502 when no worker accepts a connection", async () => {
    const engine = await startedEngine();
    const url = `http://127.0.0.1:${await freePort()}`;
    await postTo(engine, "/worker_status/", workerStatus({ url }));
    const gateway = await startedGateway(engine.url, { attempts: 1 });
    const response = await post(`${gateway.url}/v1/completions`, body);
    expect(response.status).toBe(502);
    expect(await codeIn(response)).toBe("worker_unreachable");
  });

  test("in time: 503 with Retry-After when no worker becomes ready", async () => {
    const engine = await startedEngine();
    const gateway = await startedGateway(engine.url, { waitMs: 300 });
    const response = await post(`${gateway.url}/v1/completions`, body);
    expect(response.status).toBe(503);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await codeIn(response)).toBe("no_worker_ready");
  });

  test("in time: 504 after the client's own deadline", async () => {
    const engine = await startedEngine();
    const gateway = await startedGateway(engine.url);
    const response = await post(`${gateway.url}/v1/completions`, body, { "x-deadline-ms": "250" });
    expect(response.status).toBe(504);
    expect(await codeIn(response)).toBe("deadline_exceeded");
  });

  test("in time: 503 when the engine does not answer", async () => {
    const gateway = await startedGateway(`http://127.0.0.1:${await freePort()}`, { waitMs: 300 });
    const response = await post(`${gateway.url}/v1/completions`, body);
    expect(response.status).toBe(503);
    expect(await codeIn(response)).toBe("engine_unreachable");
  });

  test("502 at once when the engine refuses the gateway's key, which is not shown", async () => {
    const engine = await startedEngine();
    const gateway = await startedGateway(engine.url, { apiKey: "a-wrong-key" });
    const response = await post(`${gateway.url}/v1/completions`, body);
    expect(response.status).toBe(502);
    const text = await response.text();
    expect(text).toContain("engine_refused");
    expect(text).not.toContain("a-wrong-key");
  });
});
