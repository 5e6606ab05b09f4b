import { expect, test } from "vitest";
import { startedLedger } from "../../support/entries.js";

test("a request without the engine's signature counts as a rejection of the default workload, and nothing else", () => {
  const { ledger, due } = startedLedger();
  ledger.rejectUnverified();
  ledger.rejectUnverified();
  expect(ledger.status()).toEqual({
    curLoad: 0,
    newLoad: 0,
    rejLoad: 200,
    curPerf: 0,
    working: 0,
    received: 0,
    requestIdxs: [],
  });
  expect(ledger.totals).toEqual({ received: 0, rejected: 200, served: 0, cancelled: 0, errored: 0 });
  expect(ledger.undelivered).toBe(0);
  expect(due).toEqual({ status: 1, ended: 0 });
});

test("its workload leaves the ledger with the report that held it", () => {
  const { ledger } = startedLedger();
  ledger.rejectUnverified();
  const reported = ledger.status();
  ledger.rejectUnverified();
  ledger.statusDelivered(reported);
  expect(ledger.status()).toMatchObject({ rejLoad: 100, received: 0 });
});
