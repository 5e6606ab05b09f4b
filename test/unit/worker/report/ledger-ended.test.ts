import { describe, expect, test } from "vitest";
import { endedIn, requestsIn, startedLedger } from "../../support/entries.js";

/** Ended requests that the ledger keeps for an engine that cannot be reached, and rejected ones. */
const LIMIT = 100_000;
const REJECTED_LIMIT = 10_000;

type Started = ReturnType<typeof startedLedger>;

/** Ends as many requests. */
function serve({ ledger, entry }: Started, count: number): void {
  for (let index = 0; index < count; index++) {
    const request = entry();
    ledger.receive(request);
    ledger.end(request, "success", 2000);
  }
}

/** Rejects as many. */
function reject({ ledger, entry }: Started, count: number): void {
  for (let index = 0; index < count; index++) ledger.reject(entry());
}

const indexesIn = ({ ledger }: Started): readonly number[] =>
  endedIn(ledger).map(({ request_idx }) => request_idx);
const upwards = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("an ended request", () => {
  test.each([
    ["success", { success: true, status: "Success", work_completed_at: 3.5 }],
    ["error", { success: false, status: "Error", work_completed_at: 3.5 }],
    ["cancelled", { success: true, status: "Cancelled", work_completed_at: 0 }],
  ] as const)("is reported as %s, with its times in seconds", (outcome, expected) => {
    const { ledger, entry } = startedLedger();
    const request = entry({ requestIdx: 77, arrivedAt: 1500 });
    ledger.receive(request);
    request.startedAt = 2500;
    ledger.end(request, outcome, 3500);
    expect(endedIn(ledger, 10)).toEqual([
      { request_idx: 77, entered_queue_at: 1.5, work_started_at: 2.5, ...expected },
    ]);
  });

  test("that never ran has no time of a start", () => {
    const { ledger, entry } = startedLedger();
    const request = entry();
    ledger.receive(request);
    ledger.end(request, "cancelled", 3500);
    expect(endedIn(ledger, 10)).toMatchObject([{ work_started_at: 0, work_completed_at: 0 }]);
  });

  test("that was refused has the time of its arrival, and no other", () => {
    const { ledger, entry } = startedLedger();
    ledger.reject(entry({ requestIdx: 77 }));
    expect(endedIn(ledger, 10)).toEqual([
      {
        request_idx: 77,
        success: false,
        status: "Rejected",
        entered_queue_at: 1,
        work_started_at: 0,
        work_completed_at: 0,
      },
    ]);
  });

  test("stays until it was delivered", () => {
    const { ledger, entry } = startedLedger();
    for (let count = 0; count < 3; count++) ledger.reject(entry());
    const reported = ledger.ended(2);
    expect(ledger.ended(2)).toEqual(reported);
    ledger.endedDelivered(reported);
    expect(endedIn(ledger, 2).map(({ request_idx }) => request_idx)).toEqual([3]);
    ledger.endedDelivered(ledger.ended(2));
    expect(ledger.hasEnded).toBe(false);
  });

  test("that ended while a report was in flight is not removed with it", () => {
    const { ledger, entry } = startedLedger();
    ledger.reject(entry());
    const reported = ledger.ended(10);
    ledger.reject(entry());
    ledger.endedDelivered(reported);
    expect(endedIn(ledger, 10).map(({ request_idx }) => request_idx)).toEqual([2]);
  });
});

describe("the JSON of an ended request", () => {
  test.each([
    0,
    7,
    10,
    99,
    4_294_967_296,
    999_999_999_999,
    999_999_999_999_999,
    1_000_000_000_000_000,
    Number.MAX_SAFE_INTEGER,
    2 ** 60,
    1e22,
    1.7976931348623157e308,
    -1,
    -4_294_967_297,
    -1.7976931348623157e308,
  ])("has the index %d as it was received", (requestIdx) => {
    const { ledger, entry } = startedLedger();
    ledger.reject(entry({ requestIdx }));
    ledger.reject(entry({ requestIdx: 5 }));
    expect(endedIn(ledger).map(({ request_idx }) => request_idx)).toEqual([requestIdx, 5]);
  });

  test.each([
    0.001, 0.01, 0.1, 1, 1.05, 1_764_503_288, 1_764_503_288.9, 1_764_503_288.999, 253_402_300_799.999,
  ])("has the time %d to the millisecond", (seconds) => {
    const { ledger, entry } = startedLedger();
    const request = entry({ arrivedAt: seconds * 1000, startedAt: seconds * 1000 });
    ledger.receive(request);
    ledger.end(request, "error", seconds * 1000);
    expect(endedIn(ledger)).toMatchObject([
      { entered_queue_at: seconds, work_started_at: seconds, work_completed_at: seconds },
    ]);
  });

  test("is at most 220 bytes long, whatever comes", () => {
    const { ledger, entry } = startedLedger();
    for (let count = 0; count < 1000; count++) {
      const request = entry({ requestIdx: -Number.MAX_VALUE, arrivedAt: 253_402_300_799_999 });
      request.startedAt = request.arrivedAt;
      ledger.receive(request);
      ledger.end(request, "cancelled", request.arrivedAt);
    }
    expect(Buffer.concat(ledger.ended(1000).json).length).toBeLessThan(220_000);
  });
});

describe("ended requests that no engine accepts", () => {
  test.each([
    ["served", serve, LIMIT],
    ["rejected", reject, REJECTED_LIMIT],
  ] as const)("are bounded: the oldest %s ones are dropped, and it is counted how many", (_, add, limit) => {
    const started = startedLedger();
    add(started, 2 * limit + 300);
    expect(indexesIn(started)).toEqual(upwards(limit + 301, 2 * limit + 300));
    expect(started.ledger.undelivered).toBe(limit);
    expect(started.ledger.takeDropped()).toBe(limit + 300);
    expect(started.ledger.takeDropped()).toBe(0);
  });

  test("are all kept where there is room for them: rejections displace no request that was served", () => {
    const started = startedLedger();
    serve(started, LIMIT - 1);
    reject(started, 100_000);
    serve(started, 1);
    expect(started.ledger.takeDropped()).toBe(100_000 - REJECTED_LIMIT);
    const last = LIMIT + 100_000;
    expect(indexesIn(started)).toEqual([
      ...upwards(1, LIMIT - 1),
      ...upwards(last - REJECTED_LIMIT, last - 1),
      last,
    ]);
  });

  test("and that were dropped while they were being delivered take nothing else with them", () => {
    const started = startedLedger();
    const { ledger } = started;
    serve(started, LIMIT);
    const wholly = ledger.ended(10);
    const partly = ledger.ended(LIMIT / 2);
    serve(started, 20);
    const before = indexesIn(started);
    ledger.endedDelivered(wholly);
    expect(indexesIn(started)).toEqual(before);
    ledger.endedDelivered(partly);
    expect(indexesIn(started)).toEqual(upwards(LIMIT / 2 + 1, LIMIT + 20));
    ledger.endedDelivered(partly);
    expect(ledger.undelivered).toBe(LIMIT / 2 + 20);
  });

  test("are not dropped where the report in flight held them", () => {
    const started = startedLedger();
    const { ledger } = started;
    serve(started, LIMIT + 3);
    const reported = ledger.ended(10);
    serve(started, 12);
    ledger.endedDelivered(reported);
    // The 3 before the report and the 2 behind it.
    expect(ledger.takeDropped()).toBe(5);
    expect(indexesIn(started)[0]).toBe(16);
    const rest = ledger.ended(10);
    serve(started, 10);
    ledger.endedDelivered(rest);
    expect(ledger.takeDropped()).toBe(0);
  });

  test("and that were dropped while they were being sent are sent as they were", () => {
    const started = startedLedger();
    const { ledger } = started;
    serve(started, LIMIT);
    const reported = ledger.ended(10);
    serve(started, LIMIT);
    expect(requestsIn(reported).map(({ request_idx }) => request_idx)).toEqual(upwards(1, 10));
  });

  test("do not make the request numbers grow without end: beyond a bound, repeated ones are counted again", () => {
    const { ledger, entry } = startedLedger();
    for (let index = 0; index < LIMIT; index++) ledger.reject(entry());
    ledger.reject(entry({ reqnum: 1 }));
    expect(ledger.status().received).toBe(LIMIT);
    ledger.reject(entry({ reqnum: -1 }));
    ledger.reject(entry({ reqnum: -1 }));
    const reported = ledger.status();
    expect(reported.received).toBe(LIMIT + 2);
    ledger.reject(entry({ reqnum: -2 }));
    ledger.statusDelivered(reported);
    expect(ledger.status().received).toBe(1);
    ledger.statusDelivered(ledger.status());
    ledger.reject(entry({ reqnum: 1 }));
    ledger.reject(entry({ reqnum: 1 }));
    expect(ledger.status().received).toBe(1);
  });
});
