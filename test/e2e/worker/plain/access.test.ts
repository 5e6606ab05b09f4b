import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { ask } from "../../../support/http-client.js";
import { errorOf, PlainFixture } from "../../../support/plain-fixture.js";
import { WorkerProcess } from "../../../support/worker-process.js";

const hash = (key: string): string => createHash("sha256").update(key).digest("hex");
const parallel = { allowParallelRequests: true, maxQueueTime: null } as const;

describe("access by API key", () => {
  let fixture: PlainFixture;
  let folder: string;
  let keysFile: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "tsworker-keys-"));
    keysFile = join(folder, "keys.json");
    await writeFile(keysFile, JSON.stringify({ keys: [{ name: "file", key: "sk-of-the-file" }] }));
    fixture = await PlainFixture.start({
      env: {
        ACCESS_MODE: "apikey",
        API_KEYS: "one:sk-of-one-1, sk-without-name",
        API_KEYS_FILE: keysFile,
      },
      handlers: [
        { route: "/go", ...parallel, workloadCalculator: "maxTokens" },
        { route: "/get", method: "GET", ...parallel },
      ],
    });
  });
  afterAll(async () => {
    await fixture.stop();
    await rm(folder, { recursive: true });
  });

  test.each(["sk-of-one-1", "sk-without-name", "sk-of-the-file"])("admits %s", async (key) => {
    expect((await fixture.send("/go", key, { body: {} })).status).toBe(200);
  });

  test.each<[string, string | undefined, string]>([
    ["no key", undefined, "missing_api_key"],
    ["another key", "sk-of-one-2", "invalid_api_key"],
    ["a key's beginning", "sk-of-one-", "invalid_api_key"],
    ["a key's hash", hash("sk-of-one-1"), "invalid_api_key"],
    ["a key of 10,000 characters", "k".repeat(10_000), "invalid_api_key"],
  ])("refuses %s with 401, and the model does not see it", async (_, key, code) => {
    const before = fixture.received.length;
    const reply = await fixture.send("/go", key, { body: {} });
    expect({ status: reply.status, ...errorOf(reply) }).toMatchObject({
      status: 401,
      type: "authentication_error",
      code,
    });
    expect(fixture.received.length).toBe(before);
  });

  test("has no routes of an engine's worker", async () => {
    for (const path of ["/session/create", "/pyworker/update"])
      expect((await fixture.send(path, "sk-of-one-1", { body: {} })).status).toBe(404);
    expect((await ask(`${fixture.worker.localUrl}/readyz`, { method: "GET" })).status).toBe(200);
  });

  test("writes no key into its log", () => {
    expect(JSON.stringify(fixture.worker.lines)).not.toMatch(/sk-of-|sk-without/);
  });

  test("reads its file again: limits and new keys count, a bad file changes nothing", async () => {
    const limited = {
      name: "file",
      sha256: hash("sk-of-the-file"),
      requestsPerMinute: 2,
      workloadPerMinute: 1000,
      concurrency: 1,
    };
    await writeFile(keysFile, JSON.stringify({ keys: [limited, { name: "new", key: "sk-new-key-1" }] }));
    await eventually(async () =>
      expect((await fixture.send("/get", "sk-new-key-1", { method: "GET" })).status).toBe(200),
    );

    const heavy = await fixture.send("/go", "sk-of-the-file", { body: { max_tokens: 5000 } });
    expect({ status: heavy.status, ...errorOf(heavy) }).toMatchObject({
      status: 429,
      type: "rate_limit_error",
      code: "request_too_large",
    });
    expect(heavy.headers).not.toHaveProperty("retry-after");
    const first = await fixture.send("/go", "sk-of-the-file", { body: { max_tokens: 400 } });
    expect(first.headers).toMatchObject({
      "x-ratelimit-limit-requests": "2",
      "x-ratelimit-remaining-requests": "1",
      "x-ratelimit-limit-tokens": "1000",
    });
    expect(Number(first.headers["x-ratelimit-remaining-tokens"])).toBeGreaterThanOrEqual(600);
    expect(first.headers["x-ratelimit-reset-tokens"]).toMatch(/^[\d.]+s$/);
    await fixture.send("/go", "sk-of-the-file", { body: { max_tokens: 400 } });
    const refused = await fixture.send("/go", "sk-of-the-file", { body: { max_tokens: 400 } });
    expect({ status: refused.status, code: errorOf(refused).code }).toEqual({
      status: 429,
      code: "rate_limit_exceeded",
    });
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect((await fixture.send("/go", "sk-of-one-1", { body: { max_tokens: 400 } })).status).toBe(200);

    await writeFile(keysFile, '{"keys": [{"key": "sk-short');
    await eventually(() =>
      expect(fixture.worker.lines.some(({ msg }) => msg.startsWith("API keys could not be read again"))).toBe(
        true,
      ),
    );
    expect((await fixture.send("/get", "sk-new-key-1", { method: "GET" })).status).toBe(200);
    expect(JSON.stringify(fixture.worker.lines)).not.toContain("sk-short");
  });

  test("limits the requests of a key at once, and frees its place when one ends", async () => {
    await writeFile(
      keysFile,
      JSON.stringify({ keys: [{ name: "two", key: "sk-two-at-once", concurrency: 2 }] }),
    );
    await eventually(async () =>
      expect((await fixture.send("/get", "sk-two-at-once", { method: "GET" })).status).toBe(200),
    );
    const held: (() => void)[] = [];
    fixture.answers.set("/go", (request, response) => {
      request.resume();
      held.push(() => response.end("{}"));
    });
    const running = [1, 2].map(() => fixture.send("/go", "sk-two-at-once", { body: {} }));
    await eventually(() => expect(held.length).toBe(2));
    const refused = await fixture.send("/go", "sk-two-at-once", { body: {} });
    expect({ status: refused.status, code: errorOf(refused).code }).toEqual({
      status: 429,
      code: "concurrency_limit_exceeded",
    });
    held[0]?.();
    await Promise.race(running);
    fixture.answers.delete("/go");
    expect((await fixture.send("/go", "sk-two-at-once", { body: {} })).status).toBe(200);
    held[1]?.();
    expect((await Promise.all(running)).map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe("open access", () => {
  let fixture: PlainFixture;
  beforeAll(async () => {
    fixture = await PlainFixture.start({
      access: { mode: "open" },
      config: { cors: ["https://app.example.com"], maxUnverifiedBytes: 1_000_000 },
      handlers: [{ route: "/go", ...parallel, requestParser: "unwrapInput" }],
    });
  });
  afterAll(() => fixture.stop());

  test("admits everybody on this machine", async () => {
    expect((await fixture.send("/go", undefined, { body: { input: {} } })).status).toBe(200);
    expect((await fixture.send("/go", "any key", { body: { input: {} } })).status).toBe(200);
  });

  test.each<[string, Readonly<Record<string, string>>, string]>([
    ["of a page of another origin", { origin: "https://other.example.com" }, "foreign_origin"],
    ["to another host's name", { host: "rebound.example.com" }, "foreign_host"],
  ])("refuses a request %s with 403", async (_, headers, code) => {
    const reply = await fixture.send("/go", undefined, { body: {}, headers });
    expect({ status: reply.status, ...errorOf(reply) }).toMatchObject({
      status: 403,
      type: "permission_error",
      code,
    });
  });

  test("admits pages of the origins in cors", async () => {
    const headers = { origin: "https://app.example.com" };
    const reply = await fixture.send("/go", undefined, { body: { input: {} }, headers });
    expect(reply.status).toBe(200);
    expect(reply.headers["access-control-allow-origin"]).toBe("https://app.example.com");
  });

  test("bounds the memory of bodies that are not complete", async () => {
    const reply = await fixture.send("/go", undefined, { body: { input: "x".repeat(2_000_000) } });
    expect(reply.status).toBe(503);
    expect((await fixture.send("/go", undefined, { body: { input: { a: 1 } } })).status).toBe(200);
  });
});

describe("a worker does not start", () => {
  const handlers = [
    { route: "/go", allowParallelRequests: true, benchmarkConfig: { dataset: [{}] } },
    { route: "/get", method: "GET" as const },
  ];
  const config = { modelServerUrl: "http://127.0.0.1:1", modelHealthcheckUrl: "/health", handlers };
  test.each<[string, Readonly<Record<string, string | undefined>>, string]>([
    ["by API key without keys", { ACCESS_MODE: "apiKey" }, "there are no keys"],
    [
      "by API key with a file that is not there",
      { ACCESS_MODE: "apiKey", API_KEYS_FILE: "/no/such/file" },
      "/no/such/file",
    ],
    [
      "open on all addresses",
      { ACCESS_MODE: "open", WORKER_HOST: "0.0.0.0" },
      "expected an address of loopback",
    ],
    ["by signature with a GET", {}, "handlers[1].method: expected POST"],
    [
      "with a mode that does not exist",
      { ACCESS_MODE: "closed" },
      "ACCESS_MODE: expected one of signature, apiKey, open",
    ],
    [
      "with a key that is too short",
      { ACCESS_MODE: "apiKey", API_KEYS: "short" },
      "API_KEYS: expected 8 to 512",
    ],
  ])("%s", async (_, env, message) => {
    const worker = await WorkerProcess.spawn({
      config,
      engineUrl: "",
      env: { ...env, REPORT_ADDR: undefined },
    });
    await eventually(() => expect(worker.child.exitCode).not.toBe(null));
    expect(await worker.stop()).not.toBe(0);
    const printed = worker.text + JSON.stringify(worker.lines);
    expect(printed).toContain(message);
  });
});
