import { describe, expect, test } from "vitest";
import { startedLedger } from "../../support/entries.js";

const NOTHING = {
  curLoad: 0,
  newLoad: 0,
  rejLoad: 0,
  curPerf: 0,
  working: 0,
  received: 0,
  requestIdxs: [],
};

describe("the status counts", () => {
  test("are nothing where nothing happened", () => {
    expect(startedLedger().ledger.status()).toEqual(NOTHING);
  });

  test("hold an admitted request as current and as new", () => {
    const { ledger, entry } = startedLedger();
    ledger.receive(entry({ requestIdx: 77, workload: 30 }));
    expect(ledger.openLoad).toBe(30);
    expect(ledger.status()).toEqual({
      ...NOTHING,
      curLoad: 30,
      newLoad: 30,
      working: 1,
      received: 1,
      requestIdxs: [77],
    });
  });

  test.each([
    ["success", { newLoad: 30, curPerf: 30 }],
    ["error", { newLoad: 30, curPerf: 0 }],
    ["cancelled", { newLoad: 0, curPerf: 0 }],
  ] as const)("count the workload of a request that ended as %s", (outcome, counts) => {
    const { ledger, entry } = startedLedger();
    const request = entry({ workload: 30 });
    ledger.receive(request);
    ledger.end(request, outcome, 2000);
    expect(ledger.status()).toEqual({ ...NOTHING, received: 1, ...counts });
  });

  test("count a refused request as rejected and as seen, not as new", () => {
    const { ledger, entry } = startedLedger();
    ledger.reject(entry({ workload: 30 }));
    expect(ledger.status()).toEqual({ ...NOTHING, rejLoad: 30, received: 1 });
  });

  test("count a request number once, however often it comes", () => {
    const { ledger, entry } = startedLedger();
    ledger.receive(entry({ reqnum: 5 }));
    ledger.receive(entry({ reqnum: 5 }));
    ledger.reject(entry({ reqnum: 5 }));
    ledger.reject(entry({ reqnum: 6 }));
    expect(ledger.status().received).toBe(2);
  });

  test("stay until a report was delivered", () => {
    const { ledger, entry } = startedLedger();
    ledger.receive(entry({ workload: 30 }));
    ledger.reject(entry({ workload: 5 }));
    expect(ledger.status()).toEqual(ledger.status());
    expect(ledger.status()).toMatchObject({ newLoad: 30, rejLoad: 5, received: 2 });
  });

  test("begin anew after a delivery, but for what is still running", () => {
    const { ledger, entry } = startedLedger();
    const [done, running] = [entry({ workload: 30 }), entry({ requestIdx: 9, workload: 7 })];
    ledger.receive(done);
    ledger.receive(running);
    ledger.end(done, "success", 2000);
    ledger.statusDelivered(ledger.status());
    expect(ledger.status()).toEqual({ ...NOTHING, curLoad: 7, working: 1, requestIdxs: [9] });
  });

  test("keep for the next report what happened while one was in flight", () => {
    const { ledger, entry } = startedLedger();
    const early = entry({ workload: 30 });
    ledger.receive(early);
    const reported = ledger.status();
    ledger.receive(entry({ workload: 4 }));
    ledger.reject(entry({ workload: 2 }));
    ledger.end(early, "success", 2000);
    ledger.statusDelivered(reported);
    expect(ledger.status()).toMatchObject({ newLoad: 4, rejLoad: 2, curPerf: 30, received: 2 });
  });

  test("count a request number once that was used during a delivery and again after it", () => {
    const { ledger, entry } = startedLedger();
    ledger.reject(entry());
    const reported = ledger.status();
    ledger.reject(entry({ reqnum: 77 }));
    ledger.statusDelivered(reported);
    ledger.reject(entry({ reqnum: 77 }));
    expect(ledger.status().received).toBe(1);
  });

  test("never report less than no new load: what is left over is subtracted from the next report", () => {
    const { ledger, entry } = startedLedger();
    const [first, second] = [entry({ workload: 30 }), entry({ workload: 20 })];
    ledger.receive(first);
    ledger.receive(second);
    ledger.statusDelivered(ledger.status());
    ledger.end(first, "cancelled", 0);
    expect(ledger.status().newLoad).toBe(0);
    ledger.statusDelivered(ledger.status());
    ledger.receive(entry({ workload: 12 }));
    expect(ledger.status().newLoad).toBe(0);
    ledger.statusDelivered(ledger.status());
    ledger.receive(entry({ workload: 20 }));
    expect(ledger.status().newLoad).toBe(2);
  });

  test("show no residue of fractions when nothing is open", () => {
    const { ledger, entry } = startedLedger();
    const requests = [0.1, 0.2, 0.3].map((workload) => entry({ workload }));
    for (const request of requests) ledger.receive(request);
    for (const request of requests) ledger.end(request, "success", 2000);
    expect(ledger.openLoad).toBe(0);
  });

  test("cannot be spoilt by a request that ends twice, or was never admitted", () => {
    const { ledger, entry } = startedLedger();
    const request = entry();
    ledger.receive(request);
    ledger.end(request, "success", 2000);
    expect(() => ledger.end(request, "error", 2000)).toThrow("is not open");
    expect(() => ledger.end(entry(), "error", 2000)).toThrow("is not open");
    expect(ledger.status()).toMatchObject({ curLoad: 0, curPerf: 10 });
  });
});
