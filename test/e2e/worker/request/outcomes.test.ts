import { expect, onTestFinished, test } from "vitest";
import type { EndedStatus } from "../../../../src/shared/wire.js";
import { DEFAULT_WORKLOAD } from "../../../../src/worker/config/workload.js";
import { eventually } from "../../../support/eventually.js";
import { RawClient } from "../../../support/http-client.js";
import { plain, rawThenClose, silent } from "../../../support/raw-model.js";
import { MAX_PERF, type SentEnvelope, WorkerFixture } from "../../../support/worker-fixture.js";

/** Every way that a request can go, with what is to be reported to the engine. */
test("each request is reported to the engine once, by its outcome, and its workload in the right sum", async () => {
  const cost = { workloadCalculator: "cost" } as const;
  const fixture = await WorkerFixture.start({
    handlers: [
      { route: "/good", allowParallelRequests: true, maxQueueTime: null, ...cost },
      { route: "/silent", maxQueueTime: null, ...cost },
      { route: "/impatient", allowParallelRequests: true, maxQueueTime: 0, ...cost },
      { route: "/broken", allowParallelRequests: true, maxQueueTime: null, ...cost },
      {
        route: "/late",
        allowParallelRequests: true,
        maxQueueTime: null,
        timeouts: { headersMs: 50 },
        ...cost,
      },
      {
        route: "/throws",
        allowParallelRequests: true,
        maxQueueTime: null,
        responseGenerator: "throws",
        ...cost,
      },
      {
        route: "/function",
        allowParallelRequests: true,
        maxQueueTime: null,
        remoteFunction: "throws",
        ...cost,
      },
      {
        route: "/parser",
        allowParallelRequests: true,
        maxQueueTime: null,
        requestParser: "needsPrompt",
        ...cost,
      },
    ],
  });
  // A test that fails before its end leaves no worker behind.
  onTestFinished(async () => void (await fixture.worker.kill()));
  fixture.model.on("/silent", silent);
  fixture.model.on("/late", silent);
  fixture.model.on("/broken", rawThenClose("HTTP/1.1 "));

  const expected = new Map<number, EndedStatus>();
  const sums = { rejectedLoad: 0, servedLoad: 0 };
  let newLoad = 0;
  let cancelledLoad = 0;
  // Distinct powers of two: a sum shows which of them are in it.
  let next = 1;
  const of = (body: SentEnvelope, outcome: EndedStatus): SentEnvelope => {
    expected.set(body.auth_data.request_idx, outcome);
    const { cost: workload } = body.payload as { readonly cost: number };
    if (outcome === "Rejected") sums.rejectedLoad += workload;
    else if (outcome === "Cancelled") cancelledLoad += workload;
    else newLoad += workload;
    if (outcome === "Success") sums.servedLoad += workload;
    return body;
  };
  const envelope = (): SentEnvelope => {
    const body = fixture.envelope({ cost: next });
    next *= 2;
    return body;
  };
  const answered = async (route: string, body: unknown, status: number): Promise<void> => {
    expect(await fixture.ask(route, { body })).toMatchObject({ status });
  };
  const arrived = async (route: string, body: SentEnvelope): Promise<RawClient> => {
    const client = await RawClient.connect(fixture.worker.url);
    const bytes = JSON.stringify(body);
    client.send(`POST ${route} HTTP/1.1\r\nhost: worker\r\ncontent-length: ${bytes.length}\r\n\r\n${bytes}`);
    await fixture.roundTrip();
    return client;
  };

  await answered("/good", of(envelope(), "Success"), 200);
  fixture.model.on("/good", plain({ status: 404 }));
  await answered("/good", of(envelope(), "Success"), 404);
  await answered("/broken", of(envelope(), "Error"), 502);
  await answered("/late", of(envelope(), "Error"), 504);
  await answered("/throws", of(envelope(), "Error"), 500);
  await answered("/function", of(envelope(), "Error"), 500);
  const forged = envelope();
  // Of an unverified client only a rejection is reported, with the default workload.
  sums.rejectedLoad += DEFAULT_WORKLOAD;
  await answered("/good", { ...forged, auth_data: { ...forged.auth_data, signature: "AAAA" } }, 401);
  const running = await arrived("/silent", of(envelope(), "Cancelled"));
  const waiting = await arrived("/silent", of(envelope(), "Cancelled"));
  await answered("/impatient", of(envelope(), "Rejected"), 429);
  waiting.leave();
  running.leave();
  await fixture.roundTrip();
  // These have too little information, or request no work: they are not counted.
  await answered("/good", { ...envelope(), session_id: "unknown" }, 410);
  await answered("/parser", envelope(), 422);
  await answered("/good", "{", 422);
  await answered("/nowhere", envelope(), 404);

  await eventually(() => {
    const reported = fixture.engine.ended.map(({ request_idx, status }): [number, EndedStatus] => [
      request_idx,
      status,
    ]);
    expect(new Map(reported)).toEqual(expected);
    expect(reported).toHaveLength(expected.size);
    expect(fixture.engine.totals).toMatchObject(sums);
    // What is cancelled after a report has counted it is taken off the load of later requests, of which there are none here.
    const rest = fixture.engine.totals.newLoad - newLoad;
    expect(rest & cancelledLoad).toBe(rest);
  });
  for (const { status, success, entered_queue_at, work_started_at, work_completed_at } of fixture.engine
    .ended) {
    expect(success).toBe(status === "Success" || status === "Cancelled");
    expect(entered_queue_at).toBeGreaterThan(0);
    if (status === "Success" || status === "Error") {
      expect(work_started_at).toBeGreaterThanOrEqual(entered_queue_at);
      expect(work_completed_at).toBeGreaterThanOrEqual(work_started_at);
    } else {
      expect(work_completed_at).toBe(0);
    }
    if (status === "Rejected") expect(work_started_at).toBe(0);
  }
  expect(fixture.engine.reports.every(({ max_perf }) => max_perf === 0 || max_perf === MAX_PERF)).toBe(true);
  await fixture.stop();
});
