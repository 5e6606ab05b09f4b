import { describe, expect, test } from "vitest";
import { startedLedger } from "../../support/entries.js";

describe("the ledger has something to report", () => {
  test("at the first change, not at each", () => {
    const { ledger, due, entry } = startedLedger();
    const requests = [entry(), entry(), entry()];
    for (const request of requests) ledger.receive(request);
    expect(due).toEqual({ status: 1, ended: 0 });
    for (const request of requests) ledger.end(request, "success", 2000);
    ledger.reject(entry());
    expect(due).toEqual({ status: 1, ended: 1 });
  });

  test("again at the first change after a report was composed, even if that was not delivered", () => {
    const { ledger, due, entry } = startedLedger();
    ledger.reject(entry());
    ledger.status();
    ledger.reject(entry());
    expect(due).toEqual({ status: 2, ended: 1 });
    ledger.ended(10);
    ledger.reject(entry());
    ledger.reject(entry());
    expect(due).toEqual({ status: 2, ended: 2 });
  });
});
