import { expect } from "vitest";
import { type Asked, ask } from "../../support/client.js";
import { test, WORK } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";

const indexes = (asked: readonly Asked[]): readonly number[] =>
  asked.map(({ authData }) => authData.request_idx).sort();

test.concurrent("requests that run and wait are reported by their indexes, with their load", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  const asked = [10, 20.5, 30].map((cost) => ask(engine, worker, { cost, fate: "hold" }));
  await eventually(() => expect(engine.reports.at(-1)?.cur_load).toBe(60.5));
  expect(engine.reports.at(-1)).toMatchObject({ num_requests_working: 3, max_perf: 1000, error_msg: "" });
  expect([...(engine.reports.at(-1)?.working_request_idxs ?? [])].sort()).toEqual(indexes(asked));
  expect(engine.totals).toMatchObject({ newLoad: 60.5, servedLoad: 0, requestsReceived: 3 });
  expect(engine.ended).toEqual([]);

  for (const _ of asked) {
    await eventually(() => expect(model.held).toBe(1));
    model.release();
  }
  await eventually(() =>
    expect(engine.reports.at(-1)).toMatchObject({
      cur_load: 0,
      num_requests_working: 0,
      working_request_idxs: [],
    }),
  );
  expect(engine.totals).toMatchObject({ newLoad: 60.5, servedLoad: 60.5, requestsReceived: 3 });
});

test.concurrent("a cancelled request is subtracted from the received load, before and after that was reported; never negative", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  const running = ask(engine, worker, { cost: 100, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));
  const waiting = ask(engine, worker, { cost: 10 });
  await eventually(() => expect(engine.totals.newLoad).toBe(110));

  // Reported already: what is subtracted is more than what has come since.
  running.leave();
  waiting.leave();
  await eventually(() => expect(engine.totals.ended.Cancelled).toBe(2));
  const next = ask(engine, worker, { cost: 7 });
  expect((await next.answer).status).toBe(200);
  await eventually(() => expect(engine.totals.servedLoad).toBe(7));
  expect(engine.totals.newLoad).toBe(110);
  // The rest is taken off the reports to come, until the sum is what was received and not cancelled.
  const further = ask(engine, worker, { cost: 200 });
  expect((await further.answer).status).toBe(200);
  await eventually(() => expect(engine.totals.servedLoad).toBe(207));
  expect(engine.totals.newLoad).toBe(207);

  // Not reported yet, as a rule: it does not even show.
  const brief = ask(engine, worker, { cost: 50, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));
  brief.leave();
  await eventually(() => expect(engine.totals.ended.Cancelled).toBe(3));
  expect((await ask(engine, worker, { cost: 60 }).answer).status).toBe(200);
  await eventually(() => expect(engine.totals.servedLoad).toBe(267));
  expect(engine.totals.newLoad).toBe(267);
  for (const { new_load } of engine.reports) expect(new_load).toBeGreaterThanOrEqual(0);
});

test.concurrent("each way to end has its status, its success and the times at which things happened", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const handlers = [WORK, { route: "/full", maxQueueTime: 0, workloadCalculator: "cost" }] as const;
  const worker = await cluster.worker({ engine, model, config: { handlers } });
  await eventually(() => expect(engine.totals.loadTimes).toHaveLength(1));
  const begun = Date.now() / 1000;
  const succeeded = ask(engine, worker, { cost: 1, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));
  const heldAt = Date.now() / 1000;
  const cancelledWaiting = ask(engine, worker, { cost: 1 });
  await eventually(() => expect(engine.reports.at(-1)?.cur_load).toBe(2));
  const rejected = ask(engine, worker, { cost: 1 }, { route: "/full" });
  expect((await rejected.answer).status).toBe(429);
  cancelledWaiting.leave();
  await eventually(() => expect(engine.reports.at(-1)?.cur_load).toBe(1));
  const releasedAt = Date.now() / 1000;
  model.release();
  await succeeded.answer;
  const failed = ask(engine, worker, { cost: 1, fate: "break" });
  expect((await failed.answer).status).toBe(502);
  const cancelledRunning = ask(engine, worker, { cost: 1, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));
  cancelledRunning.leave();

  await eventually(() => expect(engine.ended).toHaveLength(5));
  const ended = Date.now() / 1000;
  const endOf = ({ authData }: Asked) => {
    const end = engine.ended.find(({ request_idx }) => request_idx === authData.request_idx);
    if (end === undefined) throw new Error("expected it to be reported");
    return end;
  };
  expect(endOf(succeeded)).toMatchObject({ worker_id: 7, status: "Success", success: true });
  expect(endOf(failed)).toMatchObject({ status: "Error", success: false });
  for (const asked of [succeeded, failed]) {
    const { entered_queue_at, work_started_at, work_completed_at } = endOf(asked);
    const times = [begun, entered_queue_at, work_started_at, work_completed_at, ended];
    expect(times).toEqual([...times].sort((a, b) => a - b));
  }
  // It was at the model at least for as long as the test knew of it there.
  const workSeconds = endOf(succeeded).work_completed_at - endOf(succeeded).work_started_at;
  expect(workSeconds).toBeGreaterThan(releasedAt - heldAt - 0.05);

  expect(endOf(cancelledWaiting)).toMatchObject({
    status: "Cancelled",
    success: true,
    work_started_at: 0,
    work_completed_at: 0,
  });
  expect(endOf(cancelledRunning)).toMatchObject({ status: "Cancelled", success: true, work_completed_at: 0 });
  for (const time of [
    endOf(cancelledWaiting).entered_queue_at,
    endOf(cancelledRunning).entered_queue_at,
    endOf(cancelledRunning).work_started_at,
  ]) {
    expect(time).toBeGreaterThanOrEqual(begun);
    expect(time).toBeLessThanOrEqual(ended);
  }
  expect(endOf(rejected)).toMatchObject({
    status: "Rejected",
    success: false,
    work_started_at: 0,
    work_completed_at: 0,
  });
});

test.concurrent("requests are counted by their numbers: one that comes again within a report counts once", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  await eventually(() => expect(engine.totals.loadTimes).toHaveLength(1));
  let tries = 0;
  // Once, unless a report went out between the two.
  await eventually(async () => {
    tries++;
    const before = engine.totals.requestsReceived;
    const first = ask(engine, worker, { cost: 1, fate: "hold" });
    const { reqnum } = first.authData;
    const again = ask(engine, worker, { cost: 1, fate: "hold" }, { authData: { reqnum } });
    await eventually(() => expect(engine.reports.at(-1)?.cur_load).toBe(2));
    const received = engine.totals.requestsReceived - before;
    first.leave();
    again.leave();
    await eventually(() => expect(engine.ended).toHaveLength(2 * tries));
    await eventually(() => expect(engine.reports.at(-1)?.cur_load).toBe(0));
    expect(received).toBe(1);
  });
});
