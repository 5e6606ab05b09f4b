import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { SessionClient } from "../../support/session-client.js";
import { WorkerFixture } from "../../support/worker-fixture.js";

/** A worker with so many sessions at most; it is over with the work. */
async function withLimit(
  maxSessions: number | null | undefined,
  work: (fixture: WorkerFixture) => Promise<void>,
) {
  const fixture = await WorkerFixture.start({ config: maxSessions === undefined ? {} : { maxSessions } });
  await work(fixture);
  await fixture.stop();
}

const openMany = (fixture: WorkerFixture, count: number) =>
  Promise.all(Array.from({ length: count }, () => SessionClient.open(fixture)));

test.concurrent("one session more than maxSessions is refused with 429, and counted as rejected", () =>
  withLimit(2, async (fixture) => {
    const [first] = await openMany(fixture, 2);
    const refused = fixture.envelope();
    const reply = await fixture.ask("/session/create", { body: refused });
    expect({ status: reply.status, body: reply.json() }).toEqual({
      status: 429,
      body: { error: "2 sessions are open, which is the limit" },
    });
    expect(reply.headers["retry-after"]).toBe("1");
    await fixture.expectReported(refused, "Rejected");
    const { request_idx } = refused.auth_data;
    const reported = fixture.engine.ended.find((ended) => ended.request_idx === request_idx);
    expect(reported?.entered_queue_at).toBeGreaterThan(0);
    expect(reported).toMatchObject({
      work_started_at: 0,
      work_completed_at: 0,
    });
    await first?.ask("end");
    await SessionClient.open(fixture);
  }));

test.concurrent("by default there may be 10", () =>
  withLimit(undefined, async (fixture) => {
    await openMany(fixture, 10);
    expect(await fixture.ask("/session/create", { body: fixture.envelope() })).toMatchObject({ status: 429 });
  }));

for (const maxSessions of [0, null]) {
  test.concurrent(`with maxSessions ${maxSessions} there is no limit`, () =>
    withLimit(maxSessions, async (fixture) => {
      await openMany(fixture, 50);
    }));
}

test.concurrent("a worker that is not ready refuses sessions with 503", async () => {
  const fixture = await WorkerFixture.start({ loaded: false });
  // Until the engine's key is there no client is verified.
  await eventually(async () =>
    expect(await fixture.ask("/session/create", { body: fixture.envelope() })).toMatchObject({
      status: 503,
      headers: { "retry-after": "10" },
    }),
  );
  await fixture.modelLoads();
  await SessionClient.open(fixture);
  await fixture.stop();
});
