import { verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { signedMessage } from "../../../src/shared/signed-message.js";
import type { AuthData } from "../../../src/shared/wire.js";
import { ask, post, startedEngine } from "../../support/started-engine.js";
import { workerStatus } from "../../support/worker-status.js";

const request = { endpoint: "endpoint", api_key: "key", cost: 256, request_idx: 0, replay_timeout: 60 };

describe("with a worker ready, the engine", () => {
  test("answers what the worker needs, signed with the key that it shows", async () => {
    const engine = await startedEngine();
    const url = "http://wörker.example:41000";
    await post(engine, "/worker_status/", workerStatus({ url }));

    const answer = await ask<AuthData>(engine, "/route/", request);
    expect(answer).toEqual({
      endpoint: "endpoint",
      url,
      cost: 256,
      reqnum: expect.any(Number),
      request_idx: expect.any(Number),
      signature: expect.any(String),
    });
    const publicKey = await (await fetch(`${engine.url}/pubkey/`)).text();
    expect(publicKey).toBe(engine.publicKey);
    const signature = Buffer.from(answer.signature, "base64");
    expect(verify("sha256", Buffer.from(signedMessage(url)), publicKey, signature)).toBe(true);
  });

  test("gives each request an index, and each answer a number", async () => {
    const engine = await startedEngine();
    await post(engine, "/worker_status/", workerStatus());
    const first = await ask<AuthData>(engine, "/route/", request);
    const second = await ask<AuthData>(engine, "/route/", request);
    const firstAgain = await ask<AuthData>(engine, "/route/", { ...request, request_idx: first.request_idx });
    expect(second.request_idx).not.toBe(first.request_idx);
    expect(firstAgain.request_idx).toBe(first.request_idx);
    expect(new Set([first.reqnum, second.reqnum, firstAgain.reqnum]).size).toBe(3);
  });
});

describe("without a worker ready, the engine", () => {
  test("has the number of workers in each state, and no URL", async () => {
    const engine = await startedEngine();
    await post(engine, "/worker_status/", workerStatus({ max_perf: 0 }));
    const response = await post(engine, "/route/", request);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      endpoint: "endpoint",
      status: "1 workers: 1 loading, 0 idle, 0 error, 0 silent",
      request_idx: expect.any(Number),
    });
  });

  test("keeps the index of a request that is sent again, and counts it once", async () => {
    const engine = await startedEngine();
    const { request_idx } = await ask<AuthData>(engine, "/route/", request);
    await post(engine, "/worker_status/", workerStatus());
    const answer = await ask<AuthData>(engine, "/route/", { ...request, request_idx });
    expect(answer).toMatchObject({ request_idx, url: workerStatus().url });
    expect(engine.totals).toMatchObject({ requested: 1, requestedLoad: 256 });
  });
});

test("an index that was never given out is a new request", async () => {
  const engine = await startedEngine();
  const answer = await ask<AuthData>(engine, "/route/", { ...request, request_idx: 999 });
  expect(answer.request_idx).not.toBe(999);
});

describe("the API key may come", () => {
  test.each([
    ["in the body", "", { api_key: "key" }, {}],
    ["as a bearer token", "", {}, { authorization: "Bearer key" }],
    ["in the query", "?api_key=key", {}, {}],
  ])("%s", async (_, query, inBody, headers) => {
    const engine = await startedEngine();
    const body = JSON.stringify({ endpoint: "endpoint", cost: "1", ...inBody });
    const response = await fetch(`${engine.url}/route/${query}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body,
    });
    expect(response.status).toBe(200);
  });
});

describe("the engine refuses with 400 and a reason", () => {
  test.each([
    ["a wrong key", { ...request, api_key: "wrong" }, "invalid api_key"],
    ["no key", { ...request, api_key: undefined }, "invalid api_key"],
    ["an unknown endpoint", { ...request, endpoint: "other" }, "no such endpoint: other"],
    ["a negative cost", { ...request, cost: -1 }, expect.stringContaining("cost")],
    ["a cost that is no number", { ...request, cost: "many" }, expect.stringContaining("cost")],
    ["what is no JSON", "{", "the body is not JSON"],
  ])("%s", async (_, body, reason) => {
    const engine = await startedEngine();
    const response = await post(engine, "/route/", body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error_msg: reason });
  });
});

test("a worker that is expected anew gets nothing until it has loaded again", async () => {
  const engine = await startedEngine();
  const route = async () =>
    (await ask<{ url?: string }>(engine, "/route/", { endpoint: "endpoint", api_key: "key" })).url;
  await post(engine, "/worker_status/", workerStatus({ id: 7, loadtime: 3 }));
  expect(await route()).toBe(workerStatus().url);
  engine.expectAnew(7);
  expect(engine.workers).toEqual([]);
  expect(await route()).toBeUndefined();
  // The last report of the one that ends, and the first of the one that keeps its benchmark.
  await post(engine, "/worker_status/", workerStatus({ id: 7, loadtime: 0 }));
  expect(await route()).toBeUndefined();
  await post(engine, "/worker_status/", workerStatus({ id: 7, loadtime: 2 }));
  expect(await route()).toBe(workerStatus().url);
});
