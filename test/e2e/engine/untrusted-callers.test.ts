import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Engine, EngineOptions } from "../../../src/engine/index.js";
import { temporaryFolder } from "../../support/process-engine.js";
import { blockedFor, rawCall } from "../../support/raw-call.js";
import { post, startedEngine } from "../../support/started-engine.js";
import { workerStatus } from "../../support/worker-status.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const TOKEN = "the-token";
/** The tests' own clients run in the same process, on a machine that may have other work. */
const MOST_BLOCKED_MS = 300;

const guarded = (options: Partial<EngineOptions> = {}): Promise<Engine> =>
  startedEngine({ token: TOKEN, accountKey: "account", ...options });

/** `open`, `unit` again and again, and `close`. */
const list = (open: string, unit: string, bytes: number, close: string): string =>
  `${open}${`${unit},`.repeat(bytes / (unit.length + 1))}${unit}${close}`;

const ended = {
  request_idx: 1,
  success: true,
  status: "Success",
  entered_queue_at: 10,
  work_started_at: 11,
  work_completed_at: 12,
} as const;

describe("a client with neither key nor token", () => {
  test.each([
    ["/delete_requests/", list(`{"worker_id":1,"mtoken":"x","requests":[`, "1", 2 * MIB, "]}"), 401],
    ["/delete_requests/", list(`{"worker_id":1,"mtoken":"x","requests":[`, "{}", 16 * MIB, "]}"), 413],
    ["/delete_requests/", list(`{"worker_id":1,"mtoken":"x","requests":[`, "1", 60 * KIB, "]}"), 401],
    ["/worker_status/", list(`{"working_request_idxs":[`, '""', 16 * MIB, "]}"), 413],
    ["/worker_status/", list(`{"working_request_idxs":[`, '""', 3 * MIB, "]}"), 413],
    ["/worker_status/", list(`{"working_request_idxs":[`, '""', 60 * KIB, "]}"), 401],
    ["/worker_status/", `${"[".repeat(30 * KIB)}${"]".repeat(30 * KIB)}`, 401],
    ["/route/", list("[", "{}", 12 * MIB, "]"), 413],
    ["/route/", list("[", "{}", 60 * KIB, "]"), 400],
    ["/route/", `${"[".repeat(30 * KIB)}${"]".repeat(30 * KIB)}`, 400],
    ["/route/", `{"api_key":"k","endpoint":"${"a".repeat(60 * KIB)}"}`, 400],
    ["/route/", `{${'"a":1,'.repeat(8 * KIB)}"b":1}`, 400],
    ["/get_endpoint_workers/", list("[", "{}", 12 * MIB, "]"), 413],
    ["/get_endpoint_logs/", `{"id":${"9".repeat(60 * KIB)}}`, 200],
    ["/get_autogroup_logs/", list("[", "{}", 12 * MIB, "]"), 413],
    ["/update_workers/", list("[", "{}", 60 * KIB, "]"), 200],
    ["/api/v0/autojobs/", "{", 401],
    ["/api/v0/endptjobs/", list("[", "{}", 12 * MIB, "]"), 401],
    ["/api/v0/endptjobs/?api_key=wrong", list("{", '"a":1', 12 * MIB, "}"), 401],
    ["/api/v0/workergroups/", "{", 401],
    ["/pubkey/", list("[", "{}", 12 * MIB, "]"), 405],
    ["/nowhere/", list("[", "{}", 12 * MIB, "]"), 404],
  ])("is refused at %s, immediately and with a short answer", async (path, body, status) => {
    const engine = await guarded();
    const bytes = Buffer.from(body);
    let answer = { status: 0, text: "" };
    const blocked = await blockedFor(async () => {
      answer = await rawCall(engine, path, { body: bytes });
    });
    expect(answer.status).toBe(status);
    expect(Buffer.byteLength(answer.text)).toBeLessThan(8 * KIB);
    expect(blocked).toBeLessThan(MOST_BLOCKED_MS);
    expect((await rawCall(engine, "/pubkey/", { method: "GET" })).status).toBe(200);
  });

  test.each([
    ["/route/", 413],
    ["/worker_status/", 413],
    ["/get_endpoint_logs/", 413],
    ["/api/v0/endptjobs/", 401],
  ])("is refused at %s while the body still comes", async (path, status) => {
    const engine = await guarded();
    const body = " ".repeat(65 * KIB);
    expect((await rawCall(engine, path, { body, open: true })).status).toBe(status);
  });

  test("is refused by the announced length, before anything has come", async () => {
    const engine = await guarded();
    const headers = { "content-length": String(65 * KIB) };
    expect((await rawCall(engine, "/route/", { headers, open: true, body: "{" })).status).toBe(413);
  });

  test("does not learn which endpoints there are", async () => {
    const engine = await guarded();
    for (const endpoint of ["endpoint", "other"]) {
      const answer = await post(engine, "/route/", { endpoint, api_key: "wrong" });
      expect(await answer.json()).toEqual({ error_msg: "invalid api_key" });
    }
  });
});

describe("a key", () => {
  const filling = "x".repeat(100 * KIB);

  test.each([
    ["in the query", "?api_key=key", {}],
    ["as a bearer token", "", { authorization: "Bearer key" }],
    ["that is the account's, with the endpoint's in the body", "?api_key=account", {}],
  ])("%s lets a longer body in", async (_, query, headers) => {
    const engine = await guarded();
    const body = JSON.stringify({ endpoint: "endpoint", filling, api_key: "key" });
    expect((await rawCall(engine, `/route/${query}`, { headers, body })).status).toBe(200);
  });

  test.each([
    ["in the body", ""],
    ["that is wrong, in the query", "?api_key=wrong"],
  ])("%s does not", async (_, query) => {
    const engine = await guarded();
    const body = JSON.stringify({ api_key: "key", endpoint: "endpoint", filling });
    expect((await rawCall(engine, `/route/${query}`, { body })).status).toBe(413);
    const short = JSON.stringify({ endpoint: "endpoint", filling: "x".repeat(60 * KIB), api_key: "key" });
    expect((await rawCall(engine, `/route/${query}`, { body: short })).status).toBe(200);
  });

  test("allows 4 MiB and no more", async () => {
    const engine = await guarded();
    const start = '{"endpoint":"endpoint","filling":"';
    const fits = `${start}${"x".repeat(4 * MIB - start.length - 2)}"}`;
    expect((await rawCall(engine, "/route/?api_key=key", { body: fits })).status).toBe(200);
    for (const chunked of [true, false]) {
      const call = rawCall(engine, "/route/?api_key=key", { body: `${fits} `, chunked });
      expect((await call).status).toBe(413);
    }
  });
});

describe("a report", () => {
  const many = Array.from({ length: 5000 }, (_, index) => ({ ...ended, request_idx: index }));

  test("of 5,000 requests is accepted when its token is in its first 64 KiB", async () => {
    const engine = await guarded();
    for (const chunked of [true, false]) {
      const body = JSON.stringify({ worker_id: 7, mtoken: TOKEN, requests: many });
      expect((await rawCall(engine, "/delete_requests/", { body, chunked })).status).toBe(200);
    }
    expect(engine.totals.ended.Success).toBe(10_000);
  });

  test("with its token as a bearer token is accepted, too, at any position in the body", async () => {
    const engine = await guarded();
    const body = JSON.stringify({ requests: many, worker_id: 7, mtoken: "" });
    const headers = { authorization: `Bearer ${TOKEN}` };
    expect((await rawCall(engine, "/delete_requests/", { body, headers })).status).toBe(200);
    expect((await rawCall(engine, "/delete_requests/", { body })).status).toBe(413);
  });

  test("of up to 64 KiB has its token anywhere, written in any way", async () => {
    const engine = await guarded();
    for (const token of ['"mtoken": "the-token"', '"\\u006dtoken":"the\\u002dtoken"']) {
      const body = `{"requests":${JSON.stringify(many.slice(0, 300))},"worker_id":7, ${token}}`;
      expect((await rawCall(engine, "/delete_requests/", { body })).status).toBe(200);
    }
  });

  test("whose token is a decoy is refused", async () => {
    const engine = await guarded();
    const decoys = [
      { worker_id: 7, error_msg: '"mtoken":"the-token"', mtoken: "x" },
      { worker_id: 7, inner: { mtoken: TOKEN }, mtoken: "x" },
      { worker_id: 7, inner: { mtoken: TOKEN } },
      { worker_id: 7, mtoken: [TOKEN] },
      [TOKEN],
      null,
    ];
    for (const decoy of decoys) {
      expect((await post(engine, "/delete_requests/", decoy)).status).toBe(401);
    }
    const twice = `{"worker_id":7,"mtoken":"${TOKEN}","requests":[],"mtoken":"x"}`;
    expect((await post(engine, "/delete_requests/", twice)).status).toBe(401);
    expect(engine).toMatchObject({ ended: [], refused: 7 });
  });

  test.each([
    [
      "requests",
      list(`{"worker_id":1,"mtoken":"${TOKEN}","requests":[`, "1", 100 * KIB, "]}"),
      "/delete_requests/",
    ],
    [
      "requests",
      list(`{"worker_id":1,"mtoken":"${TOKEN}","requests":[`, "{}", 100 * KIB, "]}"),
      "/delete_requests/",
    ],
    [
      "requests",
      list(`{"worker_id":1,"mtoken":"${TOKEN}","requests":[`, "1", 2 * MIB, "]}"),
      "/delete_requests/",
    ],
    ["requests", `{"worker_id":1,"mtoken":"${TOKEN}","requests":{}}`, "/delete_requests/"],
    [
      "working_request_idxs",
      list(`{"mtoken":"${TOKEN}","working_request_idxs":[`, '""', 100 * KIB, "]}"),
      "/worker_status/",
    ],
  ])("with an invalid list has at most ten errors, immediately: %s", async (field, body, path) => {
    const engine = await guarded();
    let answer = { status: 0, text: "" };
    const blocked = await blockedFor(async () => {
      answer = await rawCall(engine, path, { body });
    });
    expect(answer.status).toBe(400);
    expect(Buffer.byteLength(answer.text)).toBeLessThan(8 * KIB);
    const { error_msg } = JSON.parse(answer.text) as { readonly error_msg: string };
    expect(error_msg.split("; ").filter((fault) => fault !== "and more").length).toBeLessThanOrEqual(10);
    if (path === "/delete_requests/") expect(error_msg).toContain(field);
    expect(blocked).toBeLessThan(MOST_BLOCKED_MS);
    expect(engine).toMatchObject({ ended: [], reports: [] });
  });

  test("has its errors listed in order up to the tenth", async () => {
    const engine = await guarded();
    const requests = Array.from({ length: 30 }, (_, index) => ({
      ...ended,
      status: index < 3 ? "Success" : "x",
    }));
    const answer = await post(engine, "/delete_requests/", { worker_id: 1, mtoken: TOKEN, requests });
    const { error_msg } = (await answer.json()) as { readonly error_msg: string };
    expect(error_msg.match(/requests\.\d+\.status/g)).toEqual(
      Array.from({ length: 10 }, (_, index) => `requests.${index + 3}.status`),
    );
    expect(error_msg.endsWith("; and more")).toBe(true);
  });

  test("with texts that are too long is refused, and of a long error the start is kept", async () => {
    const engine = await guarded();
    const said = (more: object) => post(engine, "/worker_status/", workerStatus({ mtoken: TOKEN, ...more }));
    for (const more of [
      { url: `http://${"a".repeat(2048)}` },
      { version: "1".repeat(1025) },
      { error_msg: "e".repeat(65 * KIB) },
    ]) {
      expect((await said(more)).status).toBe(400);
    }
    expect((await said({ error_msg: "é".repeat(60 * KIB) })).status).toBe(200);
    expect(engine.reports).toHaveLength(1);
    expect(engine.reports[0]?.error_msg).toMatch(/^é{4095}…$/);
  });
});

describe("without the option token", () => {
  test("any is taken", async () => {
    const engine = await startedEngine();
    expect(engine.token).toBeUndefined();
    expect((await post(engine, "/worker_status/", workerStatus({ mtoken: "any" }))).status).toBe(200);
  });

  test("and with true, the engine's own is", async () => {
    const engine = await startedEngine({ token: true });
    expect(engine.token).toMatch(/^\S{20,}$/);
    for (const mtoken of ["", "any"]) {
      expect((await post(engine, "/worker_status/", workerStatus({ mtoken }))).status).toBe(401);
    }
    const status = workerStatus({ mtoken: engine.token ?? "" });
    expect((await post(engine, "/worker_status/", status)).status).toBe(200);
  });
});

test("a token of the engine's own outlives it in the state", async () => {
  const state = join(await temporaryFolder(), "state.json");
  const first = await startedEngine({ state, token: true });
  const { token } = first;
  await first.stop();
  const second = await startedEngine({ state, token: true });
  expect(second.token).toBe(token);
  expect((await startedEngine({ token: true })).token).not.toBe(token);
});

describe("1,100 made-up workers", () => {
  /** @returns how many of them were refused. */
  const flood = async (engine: Engine, more: object): Promise<number> => {
    const headers = { "content-type": "application/json" };
    const report = async (id: number): Promise<number> => {
      const body = JSON.stringify(workerStatus({ id, mtoken: TOKEN, loadtime: 1, ...more }));
      const answer = await fetch(`${engine.url}/worker_status/`, { method: "POST", headers, body });
      await answer.text();
      return answer.status === 200 ? 0 : 1;
    };
    let refused = 0;
    for (let id = 1000; id < 2100; id += 1) refused += await report(id);
    return refused;
  };

  test("that have failed do not push out one that is ready", async () => {
    const engine = await guarded({ silentAfter: 600 });
    await post(engine, "/worker_status/", workerStatus({ id: 7, mtoken: TOKEN, loadtime: 1 }));
    expect(await flood(engine, { error_msg: "x" })).toBe(0);
    expect(engine.workers).toHaveLength(1000);
    expect(engine.workers.find(({ id }) => id === 7)?.state).toBe("idle");
  });

  test("that are ready do not, either: those who come last are refused", async () => {
    const engine = await guarded({ silentAfter: 600 });
    await post(engine, "/worker_status/", workerStatus({ id: 7, mtoken: TOKEN, loadtime: 1 }));
    expect(await flood(engine, {})).toBe(101);
    expect(engine.workers.find(({ id }) => id === 7)?.state).toBe("idle");
  });
});

describe("a web page", () => {
  const body = JSON.stringify({ endpoint: "endpoint", api_key: "key" });
  const json = { "content-type": "application/json" };

  test.each([
    ["of another origin", { ...json, origin: "https://evil.example" }, 403],
    ["of no origin that can be named", { ...json, origin: "null" }, 403],
    ["of another port of this machine", { ...json, origin: "http://127.0.0.1:1" }, 403],
    ["that sends text", { "content-type": "text/plain" }, 415],
    ["that sends text in UTF-8", { "content-type": "Text/Plain; charset=utf-8" }, 415],
    ["that sends a form", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["that sends a form with files", { "content-type": "multipart/form-data; boundary=x" }, 415],
    ["whose name leads to this machine", { ...json, host: "evil.example:8080" }, 403],
  ])("%s is refused", async (_, headers, status) => {
    const engine = await guarded();
    expect((await rawCall(engine, "/route/", { headers, body })).status).toBe(status);
    if (status === 403) {
      expect((await rawCall(engine, "/pubkey/", { method: "GET", headers })).status).toBe(403);
    }
    const report = JSON.stringify(workerStatus({ mtoken: TOKEN }));
    expect((await rawCall(engine, "/worker_status/", { headers, body: report })).status).toBe(status);
    expect(engine.reports).toEqual([]);
  });

  test.each([
    ["clients without an origin", json],
    ["clients that name no type", {}],
    ["clients that name this machine", { ...json, host: "localhost:1" }],
    ["clients that name an address", { ...json, host: "[::1]:1" }],
    ["containers", { ...json, host: "host.docker.internal:8080" }],
    ["machines of the same network", { ...json, host: "engine:8080" }],
  ])("is none of these: %s", async (_, headers) => {
    const engine = await guarded();
    expect((await rawCall(engine, "/route/", { headers, body })).status).toBe(200);
  });

  test("that is allowed may send what it likes", async () => {
    const origin = "https://app.example.com";
    const engine = await startedEngine({ cors: [origin] });
    for (const type of ["application/json", "text/plain"]) {
      const headers = { "content-type": type, origin };
      expect((await rawCall(engine, "/route/", { headers, body })).status).toBe(200);
    }
  });
});
