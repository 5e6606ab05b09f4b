import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../../src/engine/index.js";
import type { Gateway, GatewayOptions } from "../../../src/gateway/index.js";
import { ENGINE_KEY } from "../../support/engine-key.js";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { ask, RawClient } from "../../support/http-client.js";
import { startedEngine } from "../../support/started-engine.js";
import { codeIn, post, startedGateway } from "../../support/started-gateway.js";
import { tinyWorker } from "../../support/tiny-worker.js";

const LIMIT = 100_000;

type Refused = [
  what: string,
  method: string,
  path: string,
  headers: Record<string, string> | undefined,
  body: string,
  status: number,
  code: string,
];

describe.each(["uws", "node"] as const)("with the server %s", (server) => {
  let engine: Engine;
  let gateway: Gateway;
  const undo: (() => void)[] = [];

  beforeAll(async () => {
    engine = new Engine({
      endpoint: "endpoint",
      apiKey: "key",
      privateKey: ENGINE_KEY,
      port: await freePort(),
    });
    await engine.start();
    const options: Partial<GatewayOptions> = {
      endpoints: ["endpoint", "other"],
      server,
      maxBodyBytes: LIMIT,
      keys: [{ name: "one", key: "sk-test-1" }],
    };
    gateway = await startedGateway(engine.url, options, (stop) => undo.push(stop));
  });
  afterAll(async () => {
    for (const each of undo) each();
    await engine.stop();
  });

  const form = "multipart/form-data; boundary=x";
  test.each<Refused>([
    ["without a key", "POST", "/endpoint/v1/completions", {}, "{}", 401, "missing_api_key"],
    [
      "with another scheme",
      "POST",
      "/endpoint/v1/completions",
      { authorization: "Basic c2stMQ==" },
      "{}",
      401,
      "missing_api_key",
    ],
    [
      "with a wrong key",
      "POST",
      "/endpoint/v1/completions",
      { authorization: "Bearer sk-test-2" },
      "{}",
      401,
      "invalid_api_key",
    ],
    ["without an endpoint", "POST", "/v1/completions", undefined, "{}", 404, "endpoint_missing"],
    [
      "for an endpoint that is not served",
      "POST",
      "/none/v1/completions",
      undefined,
      "{}",
      404,
      "unknown_endpoint",
    ],
    ["for a path that is not OpenAI's", "POST", "/endpoint/route", undefined, "{}", 404, "unknown_path"],
    [
      "that reads what only POST can send",
      "GET",
      "/endpoint/v1/files",
      undefined,
      "",
      405,
      "method_not_allowed",
    ],
    ["that deletes", "DELETE", "/endpoint/v1/models/m", undefined, "", 405, "method_not_allowed"],
    ...["x-request-id: a b", "x-priority: 10", "x-deadline-ms: soon"].map((header): Refused => {
      const [name = "", value = ""] = header.split(": ");
      const headers = { authorization: "Bearer sk-test-1", [name]: value };
      return [`with ${header}`, "POST", "/endpoint/v1/completions", headers, "{}", 400, "invalid_header"];
    }),
    ["that leads out of the API", "POST", "/endpoint/v1/%2e%2e/x", undefined, "{}", 404, "unknown_path"],
    ["that is no JSON", "POST", "/endpoint/v1/completions", undefined, "{", 400, "invalid_json"],
    [
      "that adds a field to the envelope",
      "POST",
      "/endpoint/v1/completions",
      undefined,
      '{},"session_id":"x"',
      400,
      "invalid_json",
    ],
    ["without a body", "POST", "/endpoint/v1/completions", undefined, "", 400, "invalid_json"],
    [
      "with a malformed form",
      "POST",
      "/endpoint/v1/audio/transcriptions",
      { authorization: "Bearer sk-test-1", "content-type": form },
      "--y",
      400,
      "invalid_form",
    ],
    [
      "that is too large",
      "POST",
      "/endpoint/v1/completions",
      undefined,
      "x".repeat(LIMIT + 1),
      413,
      "request_too_large",
    ],
  ])("a request %s is refused in OpenAI's shape", async (_, method, path, given, body, status, code) => {
    const headers = given ?? { authorization: "Bearer sk-test-1" };
    const reply = await ask(`${gateway.url}${path}`, { method, headers, body });
    expect(reply.status).toBe(status);
    expect(reply.json()).toMatchObject({
      error: {
        message: expect.stringMatching(/\w/),
        type: expect.stringMatching(/_error$/),
        param: null,
        code,
      },
    });
    expect(reply.headers["x-request-id"]).toMatch(/\S/);
    expect(engine.totals.requested).toBe(0);
    await eventually(() => gateway.active === 0);
  });

  test("the answer to a wrong method has the right one", async () => {
    const headers = { authorization: "Bearer sk-test-1" };
    const reply = await ask(`${gateway.url}/endpoint/v1/completions`, { method: "PUT", headers });
    expect(reply.headers.allow).toBe("POST");
  });

  test("a body without a length that grows too large is refused", async () => {
    const client = await RawClient.connect(gateway.url);
    const head = "POST /endpoint/v1/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-test-1\r\n";
    client.send(`${head}transfer-encoding: chunked\r\n\r\n`);
    client.send(`${(50_000).toString(16)}\r\n${"x".repeat(50_000)}\r\n`.repeat(3));
    await client.receives(/ 413 [\s\S]*request_too_large/);
    client.socket.destroy();
  });
});

test("bodies share a memory budget", async () => {
  const engine = await startedEngine();
  const gateway = await startedGateway(engine.url, { maxHeldBytes: 1000 });
  const waiting = new AbortController();
  const held = fetch(`${gateway.url}/v1/completions`, {
    method: "POST",
    body: JSON.stringify({ prompt: "x".repeat(800) }),
    signal: waiting.signal,
  }).catch(() => undefined);
  await eventually(() => engine.totals.requested === 1);
  const response = await post(`${gateway.url}/v1/completions`, { prompt: "x".repeat(800) });
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("1");
  expect(await codeIn(response)).toBe("gateway_overloaded");
  waiting.abort();
  await held;
  await eventually(() => gateway.active === 0);
  const worker = await tinyWorker((answer) => answer.end("{}"));
  await worker.announce(engine);
  expect((await post(`${gateway.url}/v1/completions`, { prompt: "x".repeat(800) })).status).toBe(200);
});

test("a cost function that throws, or returns no workload, is the gateway's error", async () => {
  const engine = await startedEngine();
  for (const cost of [
    () => {
      throw new Error("the secret of the function");
    },
    () => Number.NaN,
  ]) {
    const gateway = await startedGateway(engine.url, { cost });
    const response = await post(`${gateway.url}/v1/completions`, {});
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).toContain("gateway_failed");
    expect(text).not.toContain("secret");
  }
});

test("a request id of the client comes back and reaches the worker; without one it gets a new one", async () => {
  const engine = await startedEngine();
  const worker = await tinyWorker((answer) =>
    answer.writeHead(200, { "x-request-id": "the-worker's" }).end("{}"),
  );
  await worker.announce(engine);
  const url = `${(await startedGateway(engine.url)).url}/v1/completions`;
  const asked = await post(
    url,
    {},
    { "x-request-id": "mine-7", traceparent: "00-1-2-01", "x-priority": "3" },
  );
  expect(asked.headers.get("x-request-id")).toBe("mine-7");
  expect(worker.seen[0]?.headers).toMatchObject({
    "x-request-id": "mine-7",
    traceparent: "00-1-2-01",
    "x-priority": "3",
  });
  const without = await post(url, {});
  expect(without.headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/);
  expect(worker.seen[1]?.headers["x-priority"]).toBeUndefined();
});
