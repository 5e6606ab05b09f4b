import { type Entry, Ledger } from "../../../src/report/ledger.js";

/** Entries with indices and request numbers of their own, but for what the test says. */
export function entries() {
  let next = 1;
  return (parts: Partial<Entry> = {}): Entry => {
    const number = next++;
    return {
      kind: "request",
      requestIdx: number,
      reqnum: number,
      workload: 10,
      arrivedAt: 1000,
      startedAt: 0,
      ...parts,
    };
  };
}

/** A ledger and how often it said that there is something to report. */
export function startedLedger() {
  const due = { status: 0, ended: 0 };
  const onChange = {
    status: () => {
      due.status++;
    },
    ended: () => {
      due.ended++;
    },
  };
  // Times of day are those of the entries.
  const ledger = new Ledger(onChange, (moment) => moment / 1000);
  return { ledger, due, entry: entries() };
}
