import { expect, test } from "vitest";
import type { Entry } from "../../../../src/worker/report/ledger.js";
import { seededRandom } from "../../../machines/support/seeded-random.js";
import { endedIn, startedLedger } from "../../support/entries.js";

const OPERATIONS = 3000;
const KINDS = ["request", "session", "in-session"] as const;
const OUTCOMES = ["success", "error", "cancelled"] as const;

type Fate = (typeof OUTCOMES)[number] | "open" | "rejected";

/** What happened to each entry, with nothing summed up before it is read. */
class History {
  readonly #fates = new Map<Entry, Fate>();
  readonly #isDelivered = new Set<Entry>();

  put(entry: Entry, fate: Fate): void {
    // Taken out first, so that those that ended are in the order of their ends.
    if (fate !== "open") this.#fates.delete(entry);
    this.#fates.set(entry, fate);
  }

  get open(): readonly Entry[] {
    return this.#of((_entry, fate) => fate === "open");
  }

  deliver(count: number): void {
    for (const entry of this.#undelivered.slice(0, count)) this.#isDelivered.add(entry);
  }

  /** The status counts of a ledger whose reports were never delivered. */
  says() {
    const known = this.#of((entry) => entry.kind !== "in-session");
    const working = this.open.filter(({ kind }) => kind !== "in-session");
    const load = (...fates: readonly Fate[]): number => sum(this.#of((_entry, fate) => fates.includes(fate)));
    const received = load("open", ...OUTCOMES);
    return {
      loadAhead: sum(working.filter(({ kind }) => kind === "request")),
      openLoad: sum(working),
      status: {
        curLoad: sum(working),
        newLoad: received - load("cancelled"),
        rejLoad: load("rejected"),
        curPerf: load("success"),
        working: working.length,
        received: new Set(known.map(({ reqnum }) => reqnum)).size,
        requestIdxs: indices(working),
      },
      totals: {
        received,
        rejected: load("rejected"),
        served: load("success"),
        cancelled: load("cancelled"),
        errored: load("error"),
      },
      ended: this.#undelivered.map(({ requestIdx }) => requestIdx),
      undelivered: this.#undelivered.length,
    };
  }

  get #undelivered(): readonly Entry[] {
    return this.#of(
      (entry, fate) => fate !== "open" && entry.kind !== "in-session" && !this.#isDelivered.has(entry),
    );
  }

  #of(isMeant: (entry: Entry, fate: Fate) => boolean): readonly Entry[] {
    return [...this.#fates].filter(([entry, fate]) => isMeant(entry, fate)).map(([entry]) => entry);
  }
}

const sum = (entries: readonly Entry[]): number =>
  entries.reduce((total, { workload }) => total + workload, 0);
const indices = (entries: readonly Entry[]): readonly number[] =>
  entries.map(({ requestIdx }) => requestIdx).toSorted((a, b) => a - b);

/** Quarters add up exactly in any order; so a sum that is off is a mistake and no rounding. */
const quarters = (random: ReturnType<typeof seededRandom>): number => random.below(2000) / 4;

test.each([1, 2, 3, 4, 5])(
  "for any requests and sessions, the ledger agrees with their history (seed %d)",
  (seed) => {
    const random = seededRandom(seed);
    const { ledger, entry } = startedLedger();
    const history = new History();

    const step = (dice: number): void => {
      if (dice < 40) {
        const arrived = entry({
          kind: random.pick(KINDS),
          workload: quarters(random),
          reqnum: random.below(500),
        });
        ledger.receive(arrived);
        history.put(arrived, "open");
      } else if (dice < 50) {
        const refused = entry({ kind: random.pick(KINDS), workload: quarters(random) });
        ledger.reject(refused);
        history.put(refused, "rejected");
      } else if (dice < 95) {
        if (history.open.length === 0) return;
        const [ending, outcome] = [random.pick(history.open), random.pick(OUTCOMES)];
        ledger.end(ending, outcome, 2000);
        history.put(ending, outcome);
      } else {
        const reported = ledger.ended(random.below(20));
        ledger.endedDelivered(reported);
        history.deliver(reported.count);
      }
    };

    for (let operation = 0; operation < OPERATIONS; operation++) {
      step(random.below(100));
      if (operation % 10 !== 0) continue;
      const status = ledger.status();
      expect({
        loadAhead: ledger.loadAhead,
        openLoad: ledger.openLoad,
        status: { ...status, requestIdxs: status.requestIdxs.toSorted((a, b) => a - b) },
        totals: ledger.totals,
        ended: endedIn(ledger).map(({ request_idx }) => request_idx),
        undelivered: ledger.undelivered,
      }).toEqual(history.says());
    }
  },
);

test.each([1, 2, 3])(
  "with nothing open the loads are exactly nothing, whatever the fractions (seed %d)",
  (seed) => {
    const random = seededRandom(seed);
    const { ledger, entry } = startedLedger();
    for (let round = 0; round < 100; round++) {
      const open = Array.from({ length: 1 + random.below(20) }, () =>
        entry({ kind: random.pick(KINDS), workload: random.next() }),
      );
      for (const each of open) ledger.receive(each);
      for (const each of open) ledger.end(each, random.pick(OUTCOMES), 2000);
      expect([ledger.loadAhead, ledger.openLoad, ledger.status().curLoad]).toEqual([0, 0, 0]);
    }
  },
);
