import { expect, test } from "vitest";
import type { EndedRequest } from "../../../src/shared/wire.js";
import { eventually } from "../../support/eventually.js";
import { post, startedEngine } from "../../support/started-engine.js";
import { workerStatus } from "../../support/worker-status.js";

function ended(request_idx: number, status: EndedRequest["status"] = "Success"): EndedRequest {
  return {
    request_idx,
    success: status !== "Error",
    status,
    entered_queue_at: 10,
    work_started_at: 11,
    work_completed_at: 12,
  };
}

function delivery(...requests: readonly EndedRequest[]) {
  return { worker_id: 7, mtoken: "token", requests };
}

test("status reports are recorded with their time of arrival", async () => {
  const engine = await startedEngine();
  const before = Date.now() / 1000;
  const status = workerStatus({ id: 7, additional_disk_usage: -0.5, working_request_idxs: [3, 4] });
  expect((await post(engine, "/worker_status/", status)).status).toBe(200);
  expect(engine.reports).toEqual([{ ...status, receivedAt: expect.any(Number) }]);
  expect(engine.reports[0]?.receivedAt).toBeGreaterThanOrEqual(before);
});

test("ended requests are recorded one by one", async () => {
  const engine = await startedEngine();
  await post(engine, "/delete_requests/", delivery(ended(1), ended(2, "Cancelled")));
  expect(engine.ended).toEqual([
    { ...ended(1), worker_id: 7, receivedAt: expect.any(Number) },
    { ...ended(2, "Cancelled"), worker_id: 7, receivedAt: expect.any(Number) },
  ]);
});

test("the lists keep the newest entries, the totals all", async () => {
  const engine = await startedEngine({ history: 2 });
  for (const amount of [1, 2, 3]) {
    const parts = { new_load: amount, rej_load: 10, cur_perf: 100, num_requests_recieved: 1 };
    await post(engine, "/worker_status/", workerStatus({ ...parts, loadtime: amount === 2 ? 4.5 : 0 }));
    await post(engine, "/delete_requests/", delivery(ended(amount), ended(1, "Rejected")));
  }
  expect(engine.reports.map((report) => report.new_load)).toEqual([2, 3]);
  expect(engine.ended).toHaveLength(2);
  expect(engine.totals).toMatchObject({
    reports: 3,
    newLoad: 6,
    rejectedLoad: 30,
    servedLoad: 300,
    requestsReceived: 3,
    loadTimes: [4.5],
    ended: { Success: 3, Error: 0, Cancelled: 0, Rejected: 3 },
  });
  expect([...engine.totals.endedTimes]).toEqual([
    [1, 4],
    [2, 1],
    [3, 1],
  ]);
});

test("a worker announces itself by its first report", async () => {
  const engine = await startedEngine();
  expect(engine.workers).toEqual([]);
  await post(engine, "/worker_status/", workerStatus({ id: 7, url: "http://w:1", cur_load: 50 }));
  expect(engine.workers).toMatchObject([{ id: 7, url: "http://w:1", state: "idle", expectedQueue: 0.5 }]);
});

test("listeners receive reports, ended requests and routings as they arrive", async () => {
  const engine = await startedEngine();
  const received: string[] = [];
  engine.on("report", (report) => received.push(`report of ${report.id}`));
  engine.on("ended", (entries) => received.push(`ended ${entries.map((entry) => entry.request_idx)}`));
  engine.on("routed", (answer) => received.push(`routed to ${answer.url}`));
  engine.on("unrouted", (answer) => received.push(`unrouted ${answer.request_idx}`));
  const asking = { endpoint: "endpoint", api_key: "key" };
  await post(engine, "/route/", asking);
  await post(engine, "/worker_status/", workerStatus({ url: "http://w:1" }));
  await post(engine, "/route/", asking);
  await post(engine, "/delete_requests/", delivery(ended(1), ended(2)));
  await eventually(() =>
    expect(received).toEqual(["unrouted 1", "report of 1", "routed to http://w:1", "ended 1,2"]),
  );
});

test("a report with a wrong token is answered 401 and not recorded", async () => {
  const engine = await startedEngine({ token: "secret" });
  expect((await post(engine, "/worker_status/", workerStatus({ mtoken: "wrong" }))).status).toBe(401);
  expect((await post(engine, "/delete_requests/", delivery(ended(1)))).status).toBe(401);
  expect((await post(engine, "/worker_status/", workerStatus({ mtoken: "secret" }))).status).toBe(200);
  expect(engine).toMatchObject({ refused: 2, ended: [], reports: [{ mtoken: "secret" }] });
});

test("a report that lacks a field, or has a wrong one, is answered 400 with every error, and not recorded", async () => {
  const engine = await startedEngine();
  const response = await post(engine, "/worker_status/", {
    ...workerStatus(),
    id: "7",
    new_load: -1,
    url: undefined,
  });
  expect(response.status).toBe(400);
  const { error_msg } = (await response.json()) as { readonly error_msg: string };
  for (const field of ["id", "new_load", "url"]) expect(error_msg).toContain(`${field}: `);
  expect(
    (await post(engine, "/delete_requests/", { requests: [{ ...ended(1), status: "Gone" }] })).status,
  ).toBe(400);
  expect(engine).toMatchObject({ refused: 2, reports: [], ended: [], totals: { reports: 0, newLoad: 0 } });
});
