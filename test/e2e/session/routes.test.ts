import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { ask } from "../../support/http-client.js";
import { SessionClient } from "../../support/session-client.js";
import { WorkerFixture } from "../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({ config: { maxSessions: null } });
});
afterAll(() => fixture.stop());

const answer = async (reply: ReturnType<SessionClient["ask"]>) => {
  const { status, json } = await reply;
  return { status, body: json() };
};

describe("/session/create", () => {
  test("answers an id of 13 letters or digits, and when the session expires: after a minute by default", async () => {
    const before = Date.now() / 1000;
    const { id, expiration } = await SessionClient.open(fixture);
    expect(id).toMatch(/^[A-Za-z0-9]{13}$/);
    expect(expiration).toBeGreaterThanOrEqual(before + 60);
    expect(expiration).toBeLessThan(Date.now() / 1000 + 61);
  });

  test("gives each session an id of its own", async () => {
    const sessions = await Promise.all(Array.from({ length: 20 }, () => SessionClient.open(fixture)));
    expect(new Set(sessions.map(({ id }) => id)).size).toBe(20);
  });

  test.each([
    ["an unsigned one", { signature: "AAAA" }, 401],
    ["one signed for another url", { url: "http://elsewhere" }, 401],
  ])("refuses %s", async (_, changed, status) => {
    const { auth_data, payload } = fixture.envelope();
    const body = { auth_data: { ...auth_data, ...changed }, payload };
    expect(await fixture.ask("/session/create", { body })).toMatchObject({ status });
  });

  test("reports all errors at once", async () => {
    const { auth_data } = fixture.envelope();
    const { cost: _, ...costless } = auth_data;
    const faults = async (body: unknown) => answer(fixture.ask("/session/create", { body }));
    expect(await faults({})).toEqual({
      status: 422,
      body: { auth_data: "field missing", payload: "field missing" },
    });
    expect(await faults({ auth_data: costless, payload: [] })).toEqual({
      status: 422,
      body: {
        auth_data: { cost: "missing parameter" },
        payload: { data: "payload must be a dictionary" },
      },
    });
    expect(
      await faults({
        auth_data,
        payload: { lifetime: "60", on_close_route: 7, on_close_payload: "text" },
      }),
    ).toEqual({
      status: 422,
      body: {
        payload: {
          lifetime: expect.stringContaining("must be a number of seconds greater than 0"),
          on_close_route: "must be a string or null",
          on_close_payload: "must be an object or null",
        },
      },
    });
  });

  test.each([0, -1, 1e10, null, true, "1"])("refuses a lifetime of %j", async (lifetime) => {
    const body = { ...fixture.envelope({ lifetime }) };
    expect(await answer(fixture.ask("/session/create", { body }))).toMatchObject({
      status: 422,
      body: { payload: { lifetime: expect.any(String) } },
    });
  });

  test("refuses an on_close_payload that cannot be sent", async () => {
    const nested = `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`;
    const body = fixture.envelopeBytes(`{"on_close_payload": ${nested}}`);
    expect(await answer(fixture.ask("/session/create", { body }))).toEqual({
      status: 422,
      body: { payload: { on_close_payload: "nested too deeply" } },
    });
  });
});

describe("its owner", () => {
  test("gets the session as it is", async () => {
    const session = await SessionClient.open(fixture, {
      lifetime: 30,
      on_close_route: "/closed",
      on_close_payload: { job: 7 },
    });
    expect(await answer(session.ask("get"))).toEqual({
      status: 200,
      body: {
        session_id: session.id,
        auth_data: session.auth,
        lifetime: 30,
        expiration: session.expiration,
        created_at: expect.closeTo(session.expiration - 30, 3),
        on_close_route: "/closed",
        on_close_payload: { job: 7 },
      },
    });
  });

  test("gets 200 until it ends", async () => {
    const session = await SessionClient.open(fixture);
    expect(await answer(session.ask("health"))).toEqual({ status: 200, body: { ok: true } });
    expect(await answer(session.ask("end"))).toEqual({
      status: 200,
      body: { ended: true, removed_session: session.id },
    });
    expect(await answer(session.ask("health"))).toEqual({ status: 200, body: { ok: false } });
    expect(await answer(session.ask("get"))).toEqual({
      status: 400,
      body: { error: "session does not exist" },
    });
  });

  test("is recognized with the keys of session_auth in any order", async () => {
    const session = await SessionClient.open(fixture);
    const reversed = Object.fromEntries(Object.entries(session.auth).reverse());
    expect(await answer(session.ask("end", reversed))).toMatchObject({ status: 200 });
  });
});

describe("another client", () => {
  test.each(["get", "health", "end"] as const)("may not call /session/%s", async (route) => {
    const session = await SessionClient.open(fixture);
    for (const auth of [undefined, null, {}, { ...session.auth, reqnum: -1 }, { ...session.auth, more: 1 }]) {
      const body = { session_id: session.id, session_auth: auth };
      expect(await answer(fixture.ask(`/session/${route}`, { body }))).toEqual({
        status: 401,
        body: { error: "session_auth is not valid" },
      });
    }
    expect(await answer(session.ask("health"))).toEqual({ status: 200, body: { ok: true } });
  });
});

describe("a session that is not there", () => {
  const unknown = { session_id: "abcdefghijklm", session_auth: {} };
  test.each([
    ["get", 400, { error: "session does not exist" }],
    ["health", 200, { ok: false }],
    ["end", 400, { error: "session with id abcdefghijklm not found" }],
  ])("/session/%s answers %d", async (route, status, body) => {
    expect(await answer(fixture.ask(`/session/${route}`, { body: unknown }))).toEqual({ status, body });
  });

  test("ended twice: the second time it is unknown", async () => {
    const session = await SessionClient.open(fixture);
    await session.ask("end");
    await eventually(async () => expect(await session.ask("end")).toMatchObject({ status: 400 }));
  });
});

describe.each(["create", "get", "health", "end"])("bad input at /session/%s:", (route) => {
  test.each([
    ["no JSON", "{", 422, { error: "invalid JSON" }],
    ["nothing", "", 422, { error: "invalid JSON" }],
    ["no UTF-8", Buffer.from([0x22, 0xff, 0x22]), 422, { error: "invalid JSON" }],
  ])("%s", async (_, body, status, expected) => {
    expect(await answer(fixture.ask(`/session/${route}`, { body }))).toEqual({ status, body: expected });
  });

  test("another method", async () => {
    const reply = await fixture.ask(`/session/${route}`, { method: "GET" });
    expect(reply).toMatchObject({ status: 405, headers: { allow: "POST" } });
  });

  test("a body of more than a megabyte", async () => {
    const body = { session_id: "x".repeat(1024 * 1024) };
    expect(await fixture.ask(`/session/${route}`, { body })).toMatchObject({ status: 413 });
  });
});

test.each(["get", "health", "end"])("/session/%s without a session_id is answered 422", async (route) => {
  for (const body of [{}, [], null, 7, { session_id: "" }, { session_id: 7 }, { session_id: null }]) {
    expect(await answer(fixture.ask(`/session/${route}`, { body }))).toEqual({
      status: 422,
      body: { error: "missing session_id" },
    });
  }
});

describe("the second port", () => {
  test("ends sessions, too, for the model server to call", async () => {
    const session = await SessionClient.open(fixture);
    const body = { session_id: session.id, session_auth: session.auth };
    const reply = await ask(`${fixture.worker.localUrl}/session/end`, { body });
    expect({ status: reply.status, body: reply.json() }).toEqual({
      status: 200,
      body: { ended: true, removed_session: session.id },
    });
    expect(await session.ask("get")).toMatchObject({ status: 400 });
  });

  test.each(["create", "get", "health"])("does not serve /session/%s", async (route) => {
    expect(await ask(`${fixture.worker.localUrl}/session/${route}`, { body: {} })).toMatchObject({
      status: 404,
    });
  });
});

test("the worker still serves requests", () => fixture.expectServing());
