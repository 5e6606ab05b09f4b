import { describe, expect, test } from "vitest";
import { endedIn, startedLedger } from "../../support/entries.js";

describe("a session reservation", () => {
  test("is load like a request, but nothing that a new request waits for", () => {
    const { ledger, entry } = startedLedger();
    ledger.receive(entry({ kind: "request", workload: 5 }));
    ledger.receive(entry({ kind: "session", workload: 30 }));
    expect(ledger.loadAhead).toBe(5);
    expect(ledger.openLoad).toBe(35);
  });

  test("is reported as a working request until it ends", () => {
    const { ledger, entry } = startedLedger();
    const session = entry({ kind: "session", requestIdx: 77, workload: 30 });
    ledger.receive(session);
    expect(ledger.status()).toEqual({
      curLoad: 30,
      newLoad: 30,
      rejLoad: 0,
      curPerf: 0,
      working: 1,
      received: 1,
      requestIdxs: [77],
    });
    ledger.end(session, "success", 2000);
    expect(ledger.status()).toMatchObject({ curLoad: 0, curPerf: 30, working: 0, requestIdxs: [] });
    expect(endedIn(ledger, 10)).toMatchObject([{ request_idx: 77, status: "Success" }]);
  });

  test("that was refused is reported as a rejected request", () => {
    const { ledger, entry } = startedLedger();
    ledger.reject(entry({ kind: "session", requestIdx: 77, workload: 30 }));
    expect(ledger.status()).toMatchObject({ rejLoad: 30, received: 1 });
    expect(endedIn(ledger, 10)).toMatchObject([{ request_idx: 77, status: "Rejected" }]);
  });
});

describe("a request inside a session", () => {
  test("is new load, but neither current load nor anything that a new request waits for", () => {
    const { ledger, entry } = startedLedger();
    ledger.receive(entry({ kind: "in-session", workload: 30 }));
    expect([ledger.loadAhead, ledger.openLoad]).toEqual([0, 0]);
    expect(ledger.status()).toEqual({
      curLoad: 0,
      newLoad: 30,
      rejLoad: 0,
      curPerf: 0,
      working: 0,
      received: 0,
      requestIdxs: [],
    });
  });

  test.each([
    ["success", { newLoad: 30, curPerf: 30 }],
    ["error", { newLoad: 30, curPerf: 0 }],
    ["cancelled", { newLoad: 0, curPerf: 0 }],
  ] as const)("counts its workload when it ends as %s, and is not listed", (outcome, counts) => {
    const { ledger, due, entry } = startedLedger();
    const request = entry({ kind: "in-session", workload: 30 });
    ledger.receive(request);
    ledger.end(request, outcome, 2000);
    expect(ledger.status()).toMatchObject({ received: 0, ...counts });
    expect(endedIn(ledger, 10)).toEqual([]);
    expect(due).toEqual({ status: 1, ended: 0 });
  });

  test("that was refused counts as rejected workload, and is not listed", () => {
    const { ledger, due, entry } = startedLedger();
    ledger.reject(entry({ kind: "in-session", workload: 30 }));
    expect(ledger.status()).toMatchObject({ rejLoad: 30, received: 0 });
    expect(endedIn(ledger, 10)).toEqual([]);
    expect(due).toEqual({ status: 1, ended: 0 });
  });

  test("cannot end twice, or without having been admitted", () => {
    const { ledger, entry } = startedLedger();
    const request = entry({ kind: "in-session", workload: 30 });
    ledger.receive(request);
    ledger.end(request, "success", 2000);
    expect(() => ledger.end(request, "error", 2000)).toThrow("is not open");
    expect(() => ledger.end(entry({ kind: "in-session" }), "error", 2000)).toThrow("is not open");
    expect(ledger.status()).toMatchObject({ newLoad: 30, curPerf: 30 });
  });
});

describe("no residue of fractions is left", () => {
  const FRACTIONS = [0.1, 0.2, 0.3];

  test("in what a new request waits for while sessions are open", () => {
    const { ledger, entry } = startedLedger();
    ledger.receive(entry({ kind: "session", workload: 0.7 }));
    const requests = FRACTIONS.map((workload) => entry({ kind: "request", workload }));
    for (const request of requests) ledger.receive(request);
    for (const request of requests) ledger.end(request, "success", 2000);
    expect(ledger.loadAhead).toBe(0);
    expect(ledger.openLoad).toBe(0.7);
  });

  test("of sessions while requests are open", () => {
    const { ledger, entry } = startedLedger();
    ledger.receive(entry({ kind: "request", workload: 0.7 }));
    const sessions = FRACTIONS.map((workload) => entry({ kind: "session", workload }));
    for (const session of sessions) ledger.receive(session);
    for (const session of sessions) ledger.end(session, "success", 2000);
    expect(ledger.openLoad).toBe(0.7);
  });
});
