import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { headBytes, silent } from "../../support/raw-model.js";
import { SessionClient } from "../../support/session-client.js";
import { WorkerFixture } from "../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/go", allowParallelRequests: true, workloadCalculator: "cost" },
      { route: "/held", allowParallelRequests: true },
      { route: "/begun", allowParallelRequests: true },
      { route: "/serial" },
    ],
    config: { maxSessions: null },
  });
  fixture.model.on("/held", silent);
  fixture.model.on("/serial", silent);
});
afterAll(() => fixture.stop());

const expirationOf = async (session: SessionClient): Promise<number> =>
  ((await session.ask("get")).json() as { expiration: number }).expiration;

test("a request inside a session is served, and prolongs it by its lifetime", async () => {
  const session = await SessionClient.open(fixture, { lifetime: 40 });
  expect(await session.request("/go", { cost: 1 })).toMatchObject({ status: 200 });
  expect(await expirationOf(session)).toBeCloseTo(session.expiration + 40, 3);
  await session.request("/go", { cost: 1 });
  expect(await expirationOf(session)).toBeCloseTo(session.expiration + 80, 3);
});

test("one that is refused does not prolong it", async () => {
  const session = await SessionClient.open(fixture);
  const body = { ...session.envelope(), auth_data: { ...session.auth, signature: "AAAA" } };
  expect(await fixture.ask("/go", { body })).toMatchObject({ status: 401 });
  expect(await expirationOf(session)).toBe(session.expiration);
});

test("a session that has ended takes no more requests", async () => {
  const session = await SessionClient.open(fixture);
  await session.ask("end");
  const reply = await session.request("/go", { cost: 1 });
  expect({ status: reply.status, body: reply.json() }).toEqual({
    status: 410,
    body: { error: "invalid session" },
  });
});

test("the end of a session ends its requests, waiting and running, and closes the model's connections", async () => {
  const session = await SessionClient.open(fixture);
  const other = await SessionClient.open(fixture);
  const before = fixture.model.requests.length;
  const mine = [session.request("/held"), session.request("/serial"), session.request("/serial")];
  const kept = other.request("/held");
  await eventually(() => expect(fixture.model.requests.slice(before)).toHaveLength(3));
  expect(await session.ask("end")).toMatchObject({ status: 200 });
  for (const reply of await Promise.all(mine)) {
    expect({ status: reply.status, body: reply.json() }).toEqual({
      status: 410,
      body: { error: "invalid session" },
    });
  }
  const sockets = fixture.model.requests.slice(before);
  await eventually(() => expect(sockets.filter(({ socket }) => !socket.destroyed)).toHaveLength(1));
  await other.ask("end");
  expect(await kept).toMatchObject({ status: 410 });
});

test("an answer that has begun is broken off by the end of its session", async () => {
  fixture.model.on("/begun", ({ socket }) => {
    socket.write(headBytes(200, ["content-type", "text/event-stream", "transfer-encoding", "chunked"]));
    socket.write("7\r\ndata: 1\r\n");
  });
  const session = await SessionClient.open(fixture);
  const before = fixture.model.requests.length;
  const reply = session.request("/begun");
  await eventually(() => expect(fixture.model.requests.slice(before)).toHaveLength(1));
  await fixture.roundTrip();
  await session.ask("end");
  expect(await reply).toMatchObject({ status: 200, complete: false });
});

test("the worker still serves requests", () => fixture.expectServing());
