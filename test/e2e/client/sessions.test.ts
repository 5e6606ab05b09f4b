import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Endpoint, Serverless } from "../../../src/client/index.js";
import { ClientFixture } from "../../support/client-fixture.js";
import { eventually } from "../../support/eventually.js";
import { startedEngine } from "../../support/started-engine.js";
import { tinyWorker } from "../../support/tiny-worker.js";

describe("a session", () => {
  let fixture: ClientFixture;
  let endpoint: Endpoint;

  beforeAll(async () => {
    fixture = await ClientFixture.start();
    endpoint = new Serverless({ apiKey: "key", engineUrl: fixture.engine.url }).endpoint("endpoint");
  });
  afterAll(() => fixture.stop());

  /** Status of the session's end as reported to the engine. */
  const endsOf = (before: number) => fixture.engine.ended.slice(before).map(({ status }) => status);

  test("is opened on a worker, serves requests without the engine, and ends with its scope", async () => {
    const { ended, totals } = fixture.engine;
    const before = ended.length;
    {
      await using session = await endpoint.session({ cost: 50 });
      expect(session.id).toMatch(/^\w{13}$/);
      expect(session.url).toBe(fixture.worker.url);
      expect(session.expiration * 1000).toBeGreaterThan(Date.now());
      for (let n = 0; n < 2; n += 1) {
        const answer = await session.request("/v1/completions", { prompt: "Hello", max_tokens: 4 });
        expect(await answer.json()).toMatchObject({ usage: { completion_tokens: 4 } });
      }
    }
    await eventually(() => expect(endsOf(before)).toEqual(["Success"]));
    expect(fixture.engine.totals.requested - totals.requested).toBe(1);
    expect(fixture.engine.totals.requestedLoad - totals.requestedLoad).toBe(50);
  });

  test("streams", async () => {
    await using session = await endpoint.session();
    const payload = { prompt: "Hello", max_tokens: 5, stream: true };
    let events = 0;
    for await (const _ of await session.request("/v1/completions", payload, { stream: true })) events += 1;
    expect(events).toBeGreaterThan(4);
  });

  test("calls its onCloseRoute once when it closes", async () => {
    const hook = await tinyWorker((response) => response.end());
    const session = await endpoint.session({
      onCloseRoute: `${hook.url}/closed`,
      onClosePayload: { reason: "done" },
    });
    await Promise.all([session.close(), session.close()]);
    await session.close();
    await eventually(() =>
      expect(hook.seen).toMatchObject([
        { path: "/closed", body: { reason: "done", session_id: session.id } },
      ]),
    );
  });

  test("is attached to by its id and its authData, and reports whether it is open", async () => {
    const session = await endpoint.session({ lifetime: 90 });
    expect(session.authData).toMatchObject({ url: fixture.worker.url, signature: expect.any(String) });
    expect([session.isOpen, session.lifetime]).toEqual([true, 90]);
    const copy: typeof session.authData = JSON.parse(JSON.stringify(session.authData));
    const attached = await endpoint.getSession(session.id, copy);
    expect(attached).toMatchObject({ id: session.id, url: session.url, lifetime: 90, isOpen: true });
    expect(attached.expiration).toBeGreaterThanOrEqual(session.expiration);
    const answer = await attached.request("/v1/completions", { prompt: "Hello", max_tokens: 4 });
    expect(answer.ok).toBe(true);
    expect(await session.checkOpen()).toBe(true);
    await attached.close();
    expect([attached.isOpen, session.isOpen]).toEqual([false, true]);
    expect(await session.checkOpen()).toBe(false);
    expect(session.isOpen).toBe(false);
    await expect(endpoint.getSession(session.id, copy)).rejects.toMatchObject({ code: "SESSION_CLOSED" });
  });

  test("is not attached to with another session's authData, or without an address", async () => {
    await using session = await endpoint.session();
    await using other = await endpoint.session();
    await expect(endpoint.getSession(session.id, other.authData)).rejects.toMatchObject({
      code: "WORKER_REFUSED",
      message: expect.stringContaining("/session/get answered 401"),
    });
    await expect(endpoint.getSession(session.id, { ...session.authData, url: "" })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
  });

  test("is not open after a refused request", async () => {
    const session = await endpoint.session();
    const attached = await endpoint.getSession(session.id, session.authData);
    await attached.close();
    await expect(session.request("/v1/completions", { prompt: "Hello" })).rejects.toThrow("does not know");
    expect(session.isOpen).toBe(false);
  });

  test("that is closed refuses requests with SESSION_CLOSED", async () => {
    const session = await endpoint.session();
    await session.close();
    await expect(session.request("/v1/completions", { prompt: "Hello" })).rejects.toMatchObject({
      code: "SESSION_CLOSED",
      message: expect.stringContaining("open a new one"),
    });
  });

  test("that its worker has closed is closed without an error", async () => {
    const session = await endpoint.session({ lifetime: 0.1 });
    await eventually(
      async () => {
        const probe = await fetch(`${session.url}/session/health`, {
          method: "POST",
          body: JSON.stringify({ session_id: session.id, session_auth: {} }),
        });
        expect(await probe.json()).toEqual({ ok: false });
      },
      { intervalMs: 100 },
    );
    await session.close();
  });

  test("whose worker does not answer is closed by a further call", async () => {
    let hangsUp = true;
    const worker = await tinyWorker((response, { path }) => {
      if (path === "/session/create") response.writeHead(201).end('{"session_id":"s","expiration":1}');
      else if (hangsUp) response.destroy();
      else response.end("{}");
    });
    const engine = await startedEngine();
    await worker.announce(engine);
    const session = await new Serverless({ apiKey: "key", engineUrl: engine.url })
      .endpoint("endpoint")
      .session();
    await expect(session.close()).rejects.toMatchObject({
      code: "WORKER_UNREACHABLE",
      message: expect.stringMatching(/\/session\/end: (?:other side closed|read ECONNRESET)/),
    });
    hangsUp = false;
    await session.close();
    await session.close();
    expect(worker.seen.map(({ path }) => path)).toEqual(["/session/create", "/session/end", "/session/end"]);
  });

  test("is not opened where the worker has no capacity", async () => {
    const sessions = await Promise.all(Array.from({ length: 10 }, () => endpoint.session()));
    await expect(endpoint.session({ retry: { attempts: 2, firstWaitMs: 1 } })).rejects.toMatchObject({
      code: "RETRIES_EXHAUSTED",
      message: expect.stringContaining("10 sessions are open"),
    });
    await Promise.all(sessions.map((session) => session.close()));
  });
});
