import { describe, expect, test } from "vitest";
import { startedLedger } from "../../support/entries.js";

const NOTHING = { received: 0, rejected: 0, served: 0, cancelled: 0, errored: 0 };

describe("the workload since the start", () => {
  test("is nothing where nothing happened", () => {
    expect(startedLedger().ledger.totals).toEqual(NOTHING);
  });

  test.each([
    ["success", { served: 30 }],
    ["error", { errored: 30 }],
    ["cancelled", { cancelled: 30 }],
  ] as const)("holds a request that ended as %s once as received and once as that", (outcome, counts) => {
    const { ledger, entry } = startedLedger();
    const request = entry({ workload: 30 });
    ledger.receive(request);
    ledger.end(request, outcome, 2000);
    expect(ledger.totals).toEqual({ ...NOTHING, received: 30, ...counts });
  });

  test("holds a refused request as rejected only", () => {
    const { ledger, entry } = startedLedger();
    ledger.reject(entry({ workload: 30 }));
    expect(ledger.totals).toEqual({ ...NOTHING, rejected: 30 });
  });

  test("holds every kind", () => {
    const { ledger, entry } = startedLedger();
    ledger.receive(entry({ kind: "request", workload: 1 }));
    ledger.receive(entry({ kind: "session", workload: 20 }));
    ledger.receive(entry({ kind: "in-session", workload: 300 }));
    expect(ledger.totals).toEqual({ ...NOTHING, received: 321 });
  });

  test("does not change when a report is delivered", () => {
    const { ledger, entry } = startedLedger();
    const request = entry({ workload: 30 });
    ledger.receive(request);
    ledger.end(request, "success", 2000);
    ledger.reject(entry({ workload: 5 }));
    const before = ledger.totals;
    ledger.statusDelivered(ledger.status());
    ledger.endedDelivered(ledger.ended(10));
    expect(ledger.totals).toEqual(before);
  });
});

test("the number of undelivered ended requests goes up with each and down with a delivery", () => {
  const { ledger, entry } = startedLedger();
  for (let count = 0; count < 3; count++) ledger.reject(entry());
  ledger.reject(entry({ kind: "in-session" }));
  expect(ledger.undelivered).toBe(3);
  ledger.endedDelivered(ledger.ended(2));
  expect(ledger.undelivered).toBe(1);
});
