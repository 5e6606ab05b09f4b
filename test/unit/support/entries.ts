import type { EndedRequest } from "../../../src/shared/wire.js";
import type { EndedSlice } from "../../../src/worker/report/ended-backlog.js";
import { Entry, type EntryKind, Ledger } from "../../../src/worker/report/ledger.js";

/** The parts of an entry that a test may set. */
export interface EntryParts {
  readonly kind?: EntryKind;
  readonly requestIdx?: number;
  readonly reqnum?: number;
  readonly workload?: number;
  readonly arrivedAt?: number;
  readonly startedAt?: number;
}

/** Entries with indices and request numbers of their own; the test may replace parts. */
export function entries() {
  let next = 1;
  return (parts: EntryParts = {}): Entry => {
    const number = next++;
    const { kind = "request", requestIdx = number, reqnum = number, workload = 10, arrivedAt = 1000 } = parts;
    const entry = new Entry(kind, requestIdx, reqnum, workload, arrivedAt);
    entry.startedAt = parts.startedAt ?? 0;
    return entry;
  };
}

/** The ended requests that a slice holds. */
export const requestsIn = ({ json }: EndedSlice): readonly EndedRequest[] =>
  JSON.parse(`[${Buffer.concat(json)}]`);

/** The ended requests that a report of at most `most` would hold. */
export const endedIn = (ledger: Ledger, most: number = Number.POSITIVE_INFINITY): readonly EndedRequest[] =>
  requestsIn(ledger.ended(most));

/** A ledger, and the number of its notices that there is something to report. */
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
  const ledger = new Ledger(onChange, { adjust: () => false, at: (moment) => moment });
  return { ledger, due, entry: entries() };
}
