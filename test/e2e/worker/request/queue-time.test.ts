import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { RawClient } from "../../../support/http-client.js";
import { plain, silent } from "../../../support/raw-model.js";
import { MAX_PERF, WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/held", allowParallelRequests: true, maxQueueTime: null, workloadCalculator: "cost" },
      { route: "/five-seconds", maxQueueTime: 5, workloadCalculator: "cost" },
      { route: "/no-time", allowParallelRequests: true, maxQueueTime: 0, workloadCalculator: "cost" },
      { route: "/patient", allowParallelRequests: true, maxQueueTime: null, workloadCalculator: "cost" },
      { route: "/default", allowParallelRequests: true, workloadCalculator: "cost" },
    ],
  });
  fixture.model.on("/held", silent);
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** Requests that stay at the model until the work is done. @param seconds of work, all in all. */
async function withWorkAhead(seconds: number, work: () => Promise<void>): Promise<void> {
  const client = await RawClient.connect(fixture.worker.url);
  client.send(fixture.requestBytes("/held", { cost: seconds * MAX_PERF }));
  await fixture.roundTrip();
  await work();
  client.leave();
  // Its workload goes with it.
  await eventually(async () =>
    expect(await fixture.post("/no-time", { cost: 0 })).toMatchObject({ status: 200 }),
  );
}

const refusal = async (route: string) => {
  const { status, headers, body } = await fixture.post(route, { cost: 1 });
  return { status, retryAfter: headers["retry-after"], body: body.toString() };
};

test("a request is admitted while the work ahead takes no longer than maxQueueTime", () =>
  withWorkAhead(5, async () => {
    expect(await fixture.post("/five-seconds", { cost: 10_000 })).toMatchObject({ status: 200 });
  }));

test("beyond it the answer is 429 with the time after which the wait is within the limit", async () => {
  for (const [ahead, retryAfter] of [
    [5.01, "1"],
    [8, "3"],
    [8.2, "4"],
    [3605, "3600"],
  ] as const) {
    await withWorkAhead(ahead, async () => {
      expect(await refusal("/five-seconds")).toMatchObject({ status: 429, retryAfter });
    });
  }
});

test("the body of it is a JSON error that names wait and limit", () =>
  withWorkAhead(8, async () => {
    const { body } = await refusal("/five-seconds");
    expect(JSON.parse(body)).toEqual({ error: expect.stringMatching(/8\.0 s.* 5 s/) });
  }));

test("the default of maxQueueTime is 30 s", async () => {
  await withWorkAhead(30, async () => expect(await refusal("/default")).toMatchObject({ status: 200 }));
  await withWorkAhead(32, async () =>
    expect(await refusal("/default")).toMatchObject({ status: 429, retryAfter: "2" }),
  );
});

test("with maxQueueTime 0 a request is admitted only when there is no work", async () => {
  expect(await refusal("/no-time")).toMatchObject({ status: 200 });
  await withWorkAhead(0.01, async () => expect(await refusal("/no-time")).toMatchObject({ status: 429 }));
});

test("with maxQueueTime null a request is always admitted", () =>
  withWorkAhead(1_000_000, async () => expect(await refusal("/patient")).toMatchObject({ status: 200 })));

test("the work of waiting requests counts, and goes when they leave", async () => {
  fixture.model.on("/five-seconds", silent);
  const [running, waiting] = await Promise.all([1, 2].map(() => RawClient.connect(fixture.worker.url)));
  running?.send(fixture.requestBytes("/five-seconds", { cost: 200 }));
  await fixture.roundTrip();
  waiting?.send(fixture.requestBytes("/five-seconds", { cost: 400 }));
  await fixture.roundTrip();
  expect(await refusal("/five-seconds")).toMatchObject({ status: 429, retryAfter: "1" });
  waiting?.leave();
  running?.leave();
  fixture.model.on("/five-seconds", plain());
  await eventually(async () => expect(await refusal("/five-seconds")).toMatchObject({ status: 200 }));
});

test("what was refused is reported to the engine as rejected, and its own workload as rejected load", () =>
  withWorkAhead(10, async () => {
    const body = fixture.envelope({ cost: 12_345 });
    const { rejectedLoad } = fixture.engine.totals;
    expect(await fixture.ask("/five-seconds", { body })).toMatchObject({ status: 429 });
    await fixture.expectReported(body, "Rejected");
    await eventually(() =>
      expect(fixture.engine.totals.rejectedLoad - rejectedLoad).toBeGreaterThanOrEqual(12_345),
    );
  }));
