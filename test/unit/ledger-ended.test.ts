import { describe, expect, test } from "vitest";
import { startedLedger } from "./support/entries.js";

/** Ended requests that the books keep for an engine that cannot be reached. */
const LIMIT = 100_000;

describe("an ended request", () => {
  test.each([
    ["success", { success: true, status: "Success", work_completed_at: 3.5 }],
    ["error", { success: false, status: "Error", work_completed_at: 3.5 }],
    ["cancelled", { success: true, status: "Cancelled", work_completed_at: 0 }],
  ] as const)("is told as %s, with its times in seconds", (outcome, expected) => {
    const { ledger, entry } = startedLedger();
    const request = entry({ requestIdx: 77, arrivedAt: 1500 });
    ledger.receive(request);
    request.startedAt = 2500;
    ledger.end(request, outcome, 3500);
    expect(ledger.ended(10)).toEqual([
      { request_idx: 77, entered_queue_at: 1.5, work_started_at: 2.5, ...expected },
    ]);
  });

  test("that never ran has no time of a start", () => {
    const { ledger, entry } = startedLedger();
    const request = entry();
    ledger.receive(request);
    ledger.end(request, "cancelled", 3500);
    expect(ledger.ended(10)).toMatchObject([{ work_started_at: 0, work_completed_at: 0 }]);
  });

  test("that was refused never entered the queue, and is told without a time", () => {
    const { ledger, entry } = startedLedger();
    ledger.reject(entry({ requestIdx: 77 }));
    expect(ledger.ended(10)).toEqual([
      {
        request_idx: 77,
        success: false,
        status: "Rejected",
        entered_queue_at: 0,
        work_started_at: 0,
        work_completed_at: 0,
      },
    ]);
  });

  test("stays until it was delivered", () => {
    const { ledger, entry } = startedLedger();
    for (let count = 0; count < 3; count++) ledger.reject(entry());
    const told = ledger.ended(2);
    expect(ledger.ended(2)).toEqual(told);
    ledger.endedDelivered(told);
    expect(ledger.ended(2).map(({ request_idx }) => request_idx)).toEqual([3]);
    ledger.endedDelivered(ledger.ended(2));
    expect(ledger.hasEnded).toBe(false);
  });

  test("that came while a report was under way is not forgotten with it", () => {
    const { ledger, entry } = startedLedger();
    ledger.reject(entry());
    const told = ledger.ended(10);
    ledger.reject(entry());
    ledger.endedDelivered(told);
    expect(ledger.ended(10).map(({ request_idx }) => request_idx)).toEqual([2]);
  });
});

describe("ended requests that nobody takes", () => {
  test("are bounded: the oldest are dropped, and it is counted how many", () => {
    const { ledger, entry } = startedLedger();
    const count = 3 * LIMIT;
    for (let index = 0; index < count; index++) ledger.reject(entry());
    const kept = ledger.ended(Number.POSITIVE_INFINITY);
    expect(kept.length).toBeLessThanOrEqual(LIMIT);
    expect(kept.length).toBeGreaterThan(0.9 * LIMIT);
    expect(kept.at(-1)?.request_idx).toBe(count);
    expect(kept[0]?.request_idx).toBe(count - kept.length + 1);
    expect(ledger.takeDropped()).toBe(count - kept.length);
    expect(ledger.takeDropped()).toBe(0);
  });

  test("are none when there is room for them all", () => {
    const { ledger, entry } = startedLedger();
    for (let index = 0; index < LIMIT; index++) ledger.reject(entry());
    expect(ledger.takeDropped()).toBe(0);
  });

  test("and that were dropped while they were being delivered take nothing else with them", () => {
    const { ledger, entry } = startedLedger();
    for (let index = 0; index < LIMIT; index++) ledger.reject(entry());
    const wholly = ledger.ended(10);
    const partly = ledger.ended(LIMIT / 2);
    ledger.reject(entry());
    const before = ledger.ended(Number.POSITIVE_INFINITY);
    ledger.endedDelivered(wholly);
    expect(ledger.ended(Number.POSITIVE_INFINITY)).toEqual(before);
    ledger.endedDelivered(partly);
    expect(ledger.ended(1)[0]?.request_idx).toBe(LIMIT / 2 + 1);
  });

  test("do not make the request numbers grow without end: beyond a bound, repeated ones are counted again", () => {
    const { ledger, entry } = startedLedger();
    for (let index = 0; index < LIMIT; index++) ledger.reject(entry());
    ledger.reject(entry({ reqnum: 1 }));
    expect(ledger.status().received).toBe(LIMIT);
    ledger.reject(entry({ reqnum: -1 }));
    ledger.reject(entry({ reqnum: -1 }));
    const told = ledger.status();
    expect(told.received).toBe(LIMIT + 2);
    ledger.reject(entry({ reqnum: -2 }));
    ledger.statusDelivered(told);
    expect(ledger.status().received).toBe(1);
    ledger.statusDelivered(ledger.status());
    ledger.reject(entry({ reqnum: 1 }));
    ledger.reject(entry({ reqnum: 1 }));
    expect(ledger.status().received).toBe(1);
  });
});
