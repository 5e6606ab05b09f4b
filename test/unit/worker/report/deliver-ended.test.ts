import { describe, expect, test } from "vitest";
import type { EndedReport } from "../../../../src/shared/wire.js";
import { deliveries, MASTER_TOKEN } from "../../support/deliveries.js";
import { answering, engineStub } from "../../support/engine-stub.js";

const PER_REPORT = 1000;

describe("a report of ended requests", () => {
  test("has each of them, and the worker's identity", async () => {
    const engine = await engineStub(answering(200));
    const { ledger, entry, deliver } = deliveries();
    const request = entry({ requestIdx: 77, arrivedAt: 1500, startedAt: 2500 });
    ledger.receive(request);
    ledger.end(request, "success", 3500);
    expect(await deliver({ kind: "ended", address: engine.url })).toEqual({ loadtime: 0, more: false });
    expect(engine.seen).toMatchObject([{ method: "POST", path: "/delete_requests/" }]);
    expect(JSON.parse(engine.seen[0]?.body ?? "")).toEqual({
      worker_id: 17,
      mtoken: MASTER_TOKEN,
      requests: [
        {
          request_idx: 77,
          success: true,
          status: "Success",
          entered_queue_at: 1.5,
          work_started_at: 2.5,
          work_completed_at: 3.5,
        },
      ],
    } satisfies EndedReport);
    expect(ledger.hasEnded).toBe(false);
  });

  test("is not sent where nothing has ended", async () => {
    const engine = await engineStub(answering(200));
    const { deliver } = deliveries();
    expect(await deliver({ kind: "ended", address: engine.url })).toEqual({ loadtime: 0, more: false });
    expect(engine.seen).toEqual([]);
  });

  test("that the engine refuses is sent again whole, with those that ended since", async () => {
    const engine = await engineStub((response) => answering(engine.seen.length === 1 ? 500 : 200)(response));
    const { ledger, entry, warnings, deliver } = deliveries();
    ledger.reject(entry());
    await expect(deliver({ kind: "ended", address: engine.url })).rejects.toMatchObject({
      code: "REPORT_FAILED",
    });
    expect(warnings()).toMatchObject([{ report: "ended" }]);
    ledger.reject(entry());
    await deliver({ kind: "ended", address: engine.url });
    const reported = engine.seen.map(({ body }) =>
      (JSON.parse(body) as EndedReport).requests.map((each) => each.request_idx),
    );
    expect(reported).toEqual([[1], [1, 2]]);
  });

  test("holds 1,000 and reports that there are more", async () => {
    const engine = await engineStub(answering(200));
    const { ledger, entry, deliver } = deliveries();
    for (let count = 0; count < 2 * PER_REPORT + 1; count++) ledger.reject(entry());
    const delivered = [];
    for (let times = 0; times < 3; times++) {
      delivered.push((await deliver({ kind: "ended", address: engine.url })).more);
    }
    expect(delivered).toEqual([true, true, false]);
    const reported = engine.seen.flatMap(({ body }) => (JSON.parse(body) as EndedReport).requests);
    expect(reported.map((each) => each.request_idx)).toEqual(
      Array.from({ length: 2 * PER_REPORT + 1 }, (_, index) => index + 1),
    );
  });

  test("logs how many requests were dropped before they could be reported", async () => {
    const engine = await engineStub(answering(200));
    const { ledger, entry, warnings, deliver } = deliveries();
    for (let count = 0; count < 10_300; count++) ledger.reject(entry());
    await deliver({ kind: "ended", address: engine.url });
    await deliver({ kind: "ended", address: engine.url });
    expect(warnings()).toMatchObject([{ dropped: 300 }]);
  });
});
