import { type ClientRequest, request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { ask } from "../../../support/http-client.js";
import { headBytes, plain } from "../../../support/raw-model.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";
import type { NamedConfig } from "../../../support/worker-main.js";

const CONFIG: Partial<NamedConfig> = {
  openRoutes: [
    { route: "/ping", text: "pong" },
    { route: "/healthcheck" },
    { route: "/ready", modelRoute: "/v1/health:live" },
    { route: "/jobs", method: "POST", respond: "echoes", maxBodyBytes: 1000 },
    { route: "/jobs", method: "DELETE", respond: "refuses" },
    { route: "/any/é", method: "*", respond: "echoes" },
    { route: "/alive", respond: "echoes" },
    { route: "/stream", respond: "streams" },
    { route: "/throws", respond: "throws" },
    { route: "/fails", method: "POST", respond: "throws" },
    { route: "/hook", method: "PUT", text: "taken" },
  ],
  cors: ["https://app.example.com"],
};

describe("an open route", () => {
  let fixture: WorkerFixture;

  beforeAll(async () => {
    fixture = await WorkerFixture.start({ config: CONFIG });
  });
  afterAll(() => fixture.stop());

  const get = (path: string, method = "GET") => ask(`${fixture.worker.url}${path}`, { method });

  test("answers its text", async () => {
    const { status, headers, body } = await get("/ping");
    expect({ status, type: headers["content-type"], text: body.toString() }).toEqual({
      status: 200,
      type: "text/plain; charset=utf-8",
      text: "pong",
    });
  });

  test("takes HEAD, and nothing else", async () => {
    expect(await get("/ping", "HEAD")).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    for (const path of ["/ping", "/healthcheck"]) {
      expect(await get(path, "POST")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    }
  });

  test("without a text passes on what the model answers: status, content type and body, but not the query", async () => {
    const headers = ["content-type", "application/x-mood"];
    fixture.model.on("/healthcheck", plain({ status: 418, headers, body: "tired" }));
    const answer = await get("/healthcheck?api_key=secret");
    expect(answer).toMatchObject({ status: 418, headers: { "content-type": "application/x-mood" } });
    expect(answer.body.toString()).toBe("tired");
    expect(fixture.model.last.path).toBe("/healthcheck");
  });

  test("calls the model for one client at a time, however many call it", async () => {
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    fixture.model.on("/healthcheck", async ({ socket }) => {
      await released;
      socket.write(Buffer.concat([headBytes(200, ["content-length", "2"]), Buffer.from("ok")]));
    });
    const before = fixture.model.requests.length;
    const asked = Array.from({ length: 20 }, () => get("/healthcheck"));
    await eventually(() => fixture.model.requests.length > before);
    await fixture.roundTrip();
    release();
    for (const { body } of await Promise.all(asked)) expect(body.toString()).toBe("ok");
    expect(fixture.model.requests.length - before).toBeLessThan(20);
  });

  test("reports that the model cannot be called, or that its answer is too long", async () => {
    fixture.model.on("/healthcheck", ({ socket }) => void socket.destroy());
    const answer = await get("/healthcheck");
    expect(answer.status).toBe(502);
    expect(answer.json()).toEqual({ error: "the model server could not be asked" });
    fixture.model.on("/healthcheck", plain({ body: "x".repeat(1024 * 1024 + 1) }));
    expect((await get("/healthcheck")).status).toBe(502);
  });

  test("can be read by pages that may call the worker", async () => {
    const headers = { origin: "https://app.example.com" };
    expect(await ask(`${fixture.worker.url}/ping`, { method: "GET", headers })).toMatchObject({
      headers: { "access-control-allow-origin": "https://app.example.com" },
    });
  });

  test("may forward to another path of the model", async () => {
    fixture.model.on("/v1/health:live", plain({ body: "alive" }));
    expect((await get("/ready")).body.toString()).toBe("alive");
  });

  test("with a function gets the request with its body and query, and makes the answer", async () => {
    const reply = await ask(`${fixture.worker.url}/jobs?a=1`, {
      method: "POST",
      body: Buffer.from("é"),
      headers: { "x-kind": "k" },
    });
    expect(reply.json()).toEqual({
      method: "POST",
      url: `${fixture.worker.url}/jobs?a=1`,
      kind: "k",
      body: "é",
    });
    expect(await get("/jobs", "DELETE")).toMatchObject({ status: 204 });
    expect(await get("/hook", "PUT")).toMatchObject({ status: 200, body: Buffer.from("taken") });
  });

  test("shares its path with those of other methods, and with a handler; any other method is 405", async () => {
    expect(await get("/jobs", "GET")).toMatchObject({ status: 405, headers: { allow: "POST, DELETE" } });
    expect((await get("/alive")).json()).toMatchObject({ method: "GET" });
    expect(await get("/alive", "HEAD")).toMatchObject({ status: 200, body: Buffer.alloc(0) });
    expect(await get("/alive", "PUT")).toMatchObject({ status: 405, headers: { allow: "POST, GET, HEAD" } });
  });

  test("may take every method, in every form of its path", async () => {
    for (const method of ["GET", "POST", "PATCH", "OPTIONS"])
      expect((await get("/any/%C3%A9", method)).json()).toMatchObject({ method });
    expect((await get("/any/%c3%a9")).json()).toMatchObject({ method: "GET" });
    expect(await get("/any/%C3%A9", "TRACE")).toMatchObject({ status: 405 });
  });

  test("refuses a body over its limit with 413", async () => {
    const body = Buffer.alloc(1001);
    expect(await ask(`${fixture.worker.url}/jobs`, { method: "POST", body })).toMatchObject({ status: 413 });
  });

  test("whose function throws is answered 500, with the error in the log", async () => {
    const reply = await get("/throws");
    expect([reply.status, reply.json()]).toEqual([500, { error: "the worker's own code failed" }]);
    await eventually(() =>
      expect(fixture.worker.lines).toContainEqual(
        expect.objectContaining({
          route: "/throws",
          err: expect.objectContaining({ message: "the open route failed" }),
        }),
      ),
    );
  });

  test("may stream; its signal aborts when the client leaves", async () => {
    const leaving = new AbortController();
    const response = await fetch(`${fixture.worker.url}/stream`, { signal: leaving.signal });
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    const { value } = (await response.body?.getReader().read()) ?? {};
    expect(Buffer.from(value ?? []).toString()).toBe("data: 1\n\n");
    leaving.abort();
    await eventually(() =>
      expect(fixture.worker.lines.some(({ msg }) => msg === "open request aborted")).toBe(true),
    );
  });

  test("answers pages of other origins with its methods", async () => {
    const preflight = (path: string) =>
      ask(`${fixture.worker.url}${path}`, {
        method: "OPTIONS",
        headers: { origin: "https://app.example.com", "access-control-request-method": "DELETE" },
      });
    expect(await preflight("/jobs")).toMatchObject({
      headers: { "access-control-allow-methods": "POST, DELETE" },
    });
  });

  test("is no request that is counted", async () => {
    const before = fixture.engine.totals.requestsReceived;
    await get("/ping");
    await fixture.expectServing();
    await eventually(() => expect(fixture.engine.totals.requestsReceived).toBeGreaterThan(before));
    expect(fixture.engine.totals.requestsReceived).toBe(before + 1);
  });
});

describe("bodies of open routes share a limit", () => {
  let fixture: WorkerFixture;

  beforeAll(async () => {
    fixture = await WorkerFixture.start({ config: { ...CONFIG, maxUnverifiedBytes: 1500 } });
  });
  afterAll(() => fixture.stop());

  const send = () => ask(`${fixture.worker.url}/jobs`, { method: "POST", body: Buffer.alloc(1000, "x") });

  /** A request of whose 1000 bytes one is missing. */
  function unfinished(): { readonly held: ClientRequest; readonly status: Promise<number | undefined> } {
    const held = request(`${fixture.worker.url}/jobs`, {
      method: "POST",
      agent: false,
      headers: { "content-length": 1000 },
    });
    const status = new Promise<number | undefined>((resolve) => {
      held.on("response", (response) => resolve(response.resume().statusCode));
      held.on("error", () => resolve(undefined));
    });
    held.write("x".repeat(999));
    return { held, status };
  }

  test("one beyond it is refused with 503, and the others are not touched", async () => {
    const { held, status } = unfinished();
    const refused = await eventually(async () => {
      const reply = await send();
      return reply.status === 503 && reply;
    });
    expect(refused).toMatchObject({ headers: { "retry-after": "1" } });
    expect(refused.json()).toEqual({ error: "too many bodies are coming at once: send it again later" });
    expect(
      await ask(`${fixture.worker.url}/hook`, { method: "PUT", body: Buffer.alloc(5000) }),
    ).toMatchObject({
      status: 200,
    });
    await fixture.expectServing();
    held.end("x");
    expect(await status).toBe(200);
    for (let times = 0; times < 5; times += 1) expect((await send()).status).toBe(200);
  });

  test("one whose client leaves takes no part of it any more", async () => {
    const { held } = unfinished();
    await eventually(async () => (await send()).status === 503);
    held.destroy();
    await eventually(async () => (await send()).status === 200);
  });

  test("one that is too large takes no part of it any more", async () => {
    for (let times = 0; times < 5; times += 1) {
      const body = Buffer.alloc(1400);
      expect(await ask(`${fixture.worker.url}/jobs`, { method: "POST", body })).toMatchObject({
        status: 413,
      });
    }
    expect((await send()).status).toBe(200);
  });

  test("one whose function throws takes no part of it any more", async () => {
    for (let times = 0; times < 5; times += 1) {
      const body = Buffer.alloc(1000);
      expect(await ask(`${fixture.worker.url}/fails`, { method: "POST", body })).toMatchObject({
        status: 500,
      });
    }
    expect((await send()).status).toBe(200);
  });
});

test("a worker whose model has not loaded answers an open route", async () => {
  const fixture = await WorkerFixture.start({ config: CONFIG, loaded: false });
  try {
    const { body } = await ask(`${fixture.worker.url}/ping`, { method: "GET" });
    expect(body.toString()).toBe("pong");
  } finally {
    await fixture.stop();
  }
});
