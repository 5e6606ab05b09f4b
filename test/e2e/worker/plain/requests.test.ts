import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { echoOf, errorOf, PlainFixture } from "../../../support/plain-fixture.js";

const KEY = "sk-alice-1234";
const parallel = { allowParallelRequests: true, maxQueueTime: null } as const;

let fixture: PlainFixture;
beforeAll(async () => {
  fixture = await PlainFixture.start({
    access: { mode: "apiKey", keys: [{ name: "alice", key: KEY }] },
    config: { maxBodyBytes: 4096 },
    handlers: [
      { route: "/v1/chat/completions", ...parallel },
      { route: "/parsed", ...parallel, requestParser: "unwrapInput" },
      { route: "/v1/models", method: "GET", ...parallel },
      { route: "/v1/models/:id", method: "GET", ...parallel, forwardHeaders: ["OpenAI-Beta"] },
      { route: "/v1/models/:id", method: "DELETE", ...parallel },
      { route: "/v1/files/:id/content", method: "GET", ...parallel, modelRoute: "/files/:id/raw" },
      { route: "/made/:id", method: "GET", ...parallel, responseGenerator: "returnsUrl" },
      { route: "/serial", concurrency: 1, maxQueueTime: null },
    ],
  });
});
afterAll(() => fixture.stop());

describe("a plain request", () => {
  test("reaches the model with its body as it came, without an envelope and without its key", async () => {
    const body = '{ "model": "m",\n "n": 12345678901234567890 }';
    const reply = await fixture.send("/v1/chat/completions?a=1&api_key=secret", KEY, { body });
    expect(reply.status).toBe(200);
    const { method, url, headers, body: received } = echoOf(reply);
    expect({ method, url, received }).toEqual({
      method: "POST",
      url: "/v1/chat/completions?a=1",
      received: body,
    });
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "content-length": String(body.length),
    });
    expect(headers).not.toHaveProperty("authorization");
  });

  test.each([
    ["GET", "/v1/models", "/v1/models"],
    ["GET", "/v1/models/llama", "/v1/models/llama"],
    ["GET", "/v1/models/meta%2Fllama?full=1", "/v1/models/meta%2Fllama?full=1"],
    ["DELETE", "/v1/models/llama", "/v1/models/llama"],
    ["GET", "/v1/files/f%20%C3%A9/content", "/files/f%20%C3%A9/raw"],
  ])("%s %s is sent with this method to %s", async (method, path, sent) => {
    const reply = await fixture.send(path, KEY, { method, headers: { "openai-beta": "v2", "x-other": "1" } });
    const echoed = echoOf(reply);
    expect({ method: echoed.method, url: echoed.url, bytes: echoed.bytes }).toEqual({
      method,
      url: sent,
      bytes: 0,
    });
    const isForwarded = method === "GET" && path.startsWith("/v1/models/");
    expect(echoed.headers["openai-beta"]).toBe(isForwarded ? "v2" : undefined);
    expect(echoed.headers).not.toHaveProperty("x-other");
  });

  test("HEAD is a GET whose answer has no body", async () => {
    const reply = await fixture.send("/v1/models", KEY, { method: "HEAD" });
    expect({ status: reply.status, bytes: reply.body.length }).toEqual({ status: 200, bytes: 0 });
  });

  test("has an id in the answer, at the model and in the log: the client's own, or one that the worker makes", async () => {
    const own = await fixture.send("/v1/models", KEY, {
      method: "GET",
      headers: { "x-request-id": "mine-1" },
    });
    expect(own.headers["x-request-id"]).toBe("mine-1");
    expect(echoOf(own).headers["x-request-id"]).toBe("mine-1");
    const other = await fixture.send("/v1/models", KEY, { method: "GET" });
    const made = other.headers["x-request-id"];
    expect(made).toMatch(/^[\w-]{11,}$/);
    expect(echoOf(other).headers["x-request-id"]).toBe(made);
    await eventually(() => {
      const ids = fixture.worker.lines
        .filter(({ msg }) => msg === "request")
        .map(({ requestId }) => requestId);
      expect(ids).toEqual(expect.arrayContaining(["mine-1", made]));
    });
    expect(fixture.worker.lines.find(({ requestId }) => requestId === "mine-1")).toMatchObject({
      key: "alice",
      route: "GET /v1/models",
    });
  });

  test("is there for a responseGenerator with the path that the client sent, without a body for a GET", async () => {
    const reply = await fixture.send("/made/a%20b?c=1", KEY, { method: "GET" });
    expect({ status: reply.status, text: reply.body.toString() }).toEqual({
      status: 200,
      text: expect.stringContaining("/made/a%20b?c=1"),
    });
  });

  test("passes a parser, whose result is sent", async () => {
    const reply = await fixture.send("/parsed", KEY, { body: { input: { a: 1 } } });
    expect(echoOf(reply).body).toBe('{"a":1}');
  });
});

describe("bad input gets an error in the shape of OpenAI's API, and the model does not see it", () => {
  test.each<[string, number, string | null, string, Parameters<PlainFixture["send"]>[2]]>([
    ["an unknown path", 404, null, "/v2", {}],
    ["another method", 405, null, "/v1/models", { method: "PUT" }],
    ["dots in a segment", 404, null, "/v1/models/..%2Fadmin", { method: "GET" }],
    ["encoded dots in a segment", 404, null, "/v1/models/%2e%2e", { method: "GET" }],
    ["no JSON for a parser", 400, "invalid_json", "/parsed", { body: "{" }],
    ["a list for a parser", 400, "invalid_json", "/parsed", { body: "[1]" }],
    [
      "a form for a parser",
      415,
      "invalid_content_type",
      "/parsed",
      { body: "a=1", headers: { "content-type": "application/x-www-form-urlencoded" } },
    ],
    [
      "a body that is too large",
      413,
      null,
      "/v1/chat/completions",
      { body: JSON.stringify("x".repeat(5000)) },
    ],
    ["a priority of 10", 400, "invalid_header", "/v1/chat/completions", { headers: { "x-priority": "10" } }],
    [
      "a deadline in words",
      400,
      "invalid_header",
      "/v1/chat/completions",
      { headers: { "x-deadline-ms": "soon" } },
    ],
    [
      "a request id with a blank",
      400,
      "invalid_header",
      "/v1/chat/completions",
      { headers: { "x-request-id": "a b" } },
    ],
    ["a query that is too long", 414, null, `/v1/chat/completions?a=${"x".repeat(9000)}`, {}],
  ])("%s: %d", async (_, status, code, path, asking) => {
    const before = fixture.received.length;
    const reply = await fixture.send(path, KEY, asking);
    expect({ status: reply.status, error: errorOf(reply) }).toEqual({
      status,
      error: { message: expect.any(String), type: "invalid_request_error", param: null, code },
    });
    expect(fixture.received.length).toBe(before);
  });

  test("the model's own errors pass as they are", async () => {
    fixture.answers.set("/v1/chat/completions", (request, response) => {
      request.resume();
      response.writeHead(400, { "content-type": "application/json" }).end('{"object":"error"}');
    });
    const reply = await fixture.send("/v1/chat/completions", KEY, { body: {} });
    expect({ status: reply.status, body: reply.body.toString() }).toEqual({
      status: 400,
      body: '{"object":"error"}',
    });
    fixture.answers.delete("/v1/chat/completions");
  });

  test("a model that breaks off is a 502", async () => {
    fixture.answers.set("/v1/chat/completions", (request) => request.socket.destroy());
    const reply = await fixture.send("/v1/chat/completions", KEY, { body: {} });
    expect({ status: reply.status, type: errorOf(reply).type }).toEqual({
      status: 502,
      type: "server_error",
    });
    fixture.answers.delete("/v1/chat/completions");
  });
});

describe("a deadline (x-deadline-ms)", () => {
  test("that passes in the queue ends the request with 504, once, and frees its place", async () => {
    const held: (() => void)[] = [];
    fixture.answers.set("/serial", (request, response) => {
      request.resume();
      held.push(() => response.end("{}"));
    });
    const first = fixture.send("/serial", KEY, { body: {} });
    await eventually(() => expect(held.length).toBe(1));
    const cancelled = 'tsworker_requests_total{route="/serial",outcome="cancelled"}';
    const before = (await fixture.metric(cancelled)) || 0;
    const late = await fixture.send("/serial", KEY, { body: {}, headers: { "x-deadline-ms": "30" } });
    expect({ status: late.status, code: errorOf(late).code }).toEqual({
      status: 504,
      code: "deadline_exceeded",
    });
    const third = fixture.send("/serial", KEY, { body: {}, headers: { "x-deadline-ms": "60000" } });
    await eventually(async () =>
      expect(await fixture.metric('tsworker_queue_waiting_requests{queue="serial"}')).toBe(1),
    );
    for (const each of held) each();
    expect((await first).status).toBe(200);
    await eventually(() => expect(held.length).toBe(2));
    held[1]?.();
    expect((await third).status).toBe(200);
    expect(await fixture.metric(cancelled)).toBe(before + 1);
  });
});
