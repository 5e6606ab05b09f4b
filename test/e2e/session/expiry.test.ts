import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { SessionClient } from "../../support/session-client.js";
import { WorkerFixture } from "../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({ handlers: [{ route: "/go", allowParallelRequests: true }] });
});
afterAll(() => fixture.stop());

const isWell = async (session: SessionClient): Promise<boolean> =>
  ((await session.ask("health")).json() as { ok: boolean }).ok;

test("a session closes when its lifetime is over, not before, and soon after", async () => {
  const session = await SessionClient.open(fixture, { lifetime: 1 });
  await eventually(async () => expect(await isWell(session)).toBe(false));
  const late = Date.now() / 1000 - session.expiration;
  expect(late).toBeGreaterThanOrEqual(0);
  // The worker looks every second; the rest is for a machine that is busy with other tests.
  expect(late).toBeLessThan(10);
});

test("one whose client sends requests lives on", async () => {
  const short = await SessionClient.open(fixture, { lifetime: 5 });
  const used = await SessionClient.open(fixture, { lifetime: 5 });
  for (let requests = 0; requests < 20; requests++)
    expect(await used.request("/go")).toMatchObject({ status: 200 });
  await eventually(async () => expect(await isWell(short)).toBe(false));
  expect(await isWell(used)).toBe(true);
  await used.ask("end");
});

test("an expired session calls on_close_route and is reported to the engine as ended", async () => {
  const session = await SessionClient.open(fixture, { lifetime: 0.5, on_close_route: "/expired" });
  await eventually(() => expect(fixture.model.bodiesAt("/expired")).toEqual([{ session_id: session.id }]));
  await fixture.expectReported({ auth_data: session.auth, payload: {} }, "Success");
});

test("the worker still serves requests", () => fixture.expectServing());
