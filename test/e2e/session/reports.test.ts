import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { HttpStand } from "../../support/http-stand.js";
import { plain, silent } from "../../support/raw-model.js";
import { SessionClient } from "../../support/session-client.js";

let stand: HttpStand;
beforeAll(async () => {
  stand = await HttpStand.start({
    handlers: [
      { route: "/go", allowParallelRequests: true, workloadCalculator: "cost" },
      { route: "/five-seconds", allowParallelRequests: true, maxQueueTime: 5, workloadCalculator: "cost" },
    ],
    config: { maxSessions: null },
  });
});
afterAll(() => stand.stop());

const report = () => stand.engine.reports.at(-1);

test("a session counts like a request of its cost until it ends, and is told as ended then", async () => {
  const session = await SessionClient.open(stand, {}, "250");
  await eventually(() =>
    expect(report()).toMatchObject({
      cur_load: 250,
      num_requests_working: 1,
      working_request_idxs: [session.auth.request_idx],
    }),
  );
  expect(stand.engine.ended).toEqual([]);
  await session.ask("end");
  await stand.isTold({ auth_data: session.auth, payload: {} }, "Success");
  await eventually(() =>
    expect(report()).toMatchObject({ cur_load: 0, num_requests_working: 0, working_request_idxs: [] }),
  );
});

test("requests inside it add nothing to the load and are not listed, but count as received and served", async () => {
  const session = await SessionClient.open(stand, {}, 10);
  const before = stand.engine.totals;
  const [received, served] = [before.newLoad, before.servedLoad];
  stand.model.on("/go", silent);
  const held = session.request("/go", { cost: 1000 });
  await eventually(() => expect(stand.engine.totals.newLoad - received).toBeGreaterThanOrEqual(1000));
  expect(report()).toMatchObject({
    cur_load: 10,
    num_requests_working: 1,
    working_request_idxs: [session.auth.request_idx],
  });
  stand.model.on("/go", plain({ body: "{}" }));
  stand.model.last.socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
  expect(await held).toMatchObject({ status: 200 });
  await eventually(() => expect(stand.engine.totals.servedLoad - served).toBe(1000));
  expect(stand.engine.ended.filter(({ request_idx }) => request_idx === session.auth.request_idx)).toEqual(
    [],
  );
  await session.ask("end");
  await stand.isTold({ auth_data: session.auth, payload: {} }, "Success");
});

test("neither a session nor the requests inside it make others wait", async () => {
  const session = await SessionClient.open(stand, {}, 1_000_000);
  stand.model.on("/go", silent);
  const held = session.request("/go", { cost: 1_000_000 });
  await stand.roundTrip();
  expect(await stand.post("/five-seconds", { cost: 1 })).toMatchObject({ status: 200 });
  await session.ask("end");
  expect(await held).toMatchObject({ status: 410 });
});

test("the worker goes on", () => stand.stillServes());
