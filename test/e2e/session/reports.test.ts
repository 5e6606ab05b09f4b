import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { plain, silent } from "../../support/raw-model.js";
import { SessionClient } from "../../support/session-client.js";
import { WorkerFixture } from "../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/go", allowParallelRequests: true, workloadCalculator: "cost" },
      { route: "/five-seconds", allowParallelRequests: true, maxQueueTime: 5, workloadCalculator: "cost" },
    ],
    config: { maxSessions: null },
  });
});
afterAll(() => fixture.stop());

const report = () => fixture.engine.reports.at(-1);

test("a session counts like a request of its cost until it ends, and is reported as ended then", async () => {
  const session = await SessionClient.open(fixture, {}, "250");
  await eventually(() =>
    expect(report()).toMatchObject({
      cur_load: 250,
      num_requests_working: 1,
      working_request_idxs: [session.auth.request_idx],
    }),
  );
  expect(fixture.engine.ended).toEqual([]);
  await session.ask("end");
  await fixture.expectReported({ auth_data: session.auth, payload: {} }, "Success");
  await eventually(() =>
    expect(report()).toMatchObject({ cur_load: 0, num_requests_working: 0, working_request_idxs: [] }),
  );
});

test("requests inside it add nothing to the load and are not listed, but count as received and served", async () => {
  const session = await SessionClient.open(fixture, {}, 10);
  const before = fixture.engine.totals;
  const [received, served] = [before.newLoad, before.servedLoad];
  fixture.model.on("/go", silent);
  const held = session.request("/go", { cost: 1000 });
  await eventually(() => expect(fixture.engine.totals.newLoad - received).toBeGreaterThanOrEqual(1000));
  expect(report()).toMatchObject({
    cur_load: 10,
    num_requests_working: 1,
    working_request_idxs: [session.auth.request_idx],
  });
  fixture.model.on("/go", plain({ body: "{}" }));
  fixture.model.last.socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
  expect(await held).toMatchObject({ status: 200 });
  await eventually(() => expect(fixture.engine.totals.servedLoad - served).toBe(1000));
  expect(fixture.engine.ended.filter(({ request_idx }) => request_idx === session.auth.request_idx)).toEqual(
    [],
  );
  await session.ask("end");
  await fixture.expectReported({ auth_data: session.auth, payload: {} }, "Success");
});

test("neither a session nor the requests inside it make others wait", async () => {
  const session = await SessionClient.open(fixture, {}, 1_000_000);
  fixture.model.on("/go", silent);
  const held = session.request("/go", { cost: 1_000_000 });
  await fixture.roundTrip();
  expect(await fixture.post("/five-seconds", { cost: 1 })).toMatchObject({ status: 200 });
  await session.ask("end");
  expect(await held).toMatchObject({ status: 410 });
});

test("the worker still serves requests", () => fixture.expectServing());
