import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { HttpStand } from "../../support/http-stand.js";
import { SessionClient } from "../../support/session-client.js";

/** A worker with so many sessions at most; it is over with the work. */
async function withLimit(maxSessions: number | null | undefined, work: (stand: HttpStand) => Promise<void>) {
  const stand = await HttpStand.start({ config: maxSessions === undefined ? {} : { maxSessions } });
  await work(stand);
  await stand.stop();
}

const openMany = (stand: HttpStand, count: number) =>
  Promise.all(Array.from({ length: count }, () => SessionClient.open(stand)));

test.concurrent("one session more than maxSessions is refused with 429, and counted as rejected", () =>
  withLimit(2, async (stand) => {
    const [first] = await openMany(stand, 2);
    const refused = stand.envelope();
    const reply = await stand.ask("/session/create", { body: refused });
    expect({ status: reply.status, body: reply.json() }).toEqual({
      status: 429,
      body: { error: "2 sessions are open, which is the limit" },
    });
    expect(reply.headers["retry-after"]).toBe("1");
    await stand.isTold(refused, "Rejected");
    const { request_idx } = refused.auth_data;
    const told = stand.engine.ended.find((ended) => ended.request_idx === request_idx);
    expect(told?.entered_queue_at).toBeGreaterThan(0);
    expect(told).toMatchObject({
      work_started_at: 0,
      work_completed_at: 0,
    });
    await first?.ask("end");
    await SessionClient.open(stand);
  }));

test.concurrent("by default there may be 10", () =>
  withLimit(undefined, async (stand) => {
    await openMany(stand, 10);
    expect(await stand.ask("/session/create", { body: stand.envelope() })).toMatchObject({ status: 429 });
  }));

for (const maxSessions of [0, null]) {
  test.concurrent(`with maxSessions ${maxSessions} there is no limit`, () =>
    withLimit(maxSessions, async (stand) => {
      await openMany(stand, 50);
    }));
}

test.concurrent("a worker that is not ready refuses sessions with 503", async () => {
  const stand = await HttpStand.start({ loaded: false });
  // Until the engine's key is there nobody is known.
  await eventually(async () =>
    expect(await stand.ask("/session/create", { body: stand.envelope() })).toMatchObject({
      status: 503,
      headers: { "retry-after": "10" },
    }),
  );
  await stand.modelLoads();
  await SessionClient.open(stand);
  await stand.stop();
});
