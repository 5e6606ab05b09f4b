import { describe, expect, test } from "vitest";
import type { EndedSlice } from "../../../../src/worker/report/ended-backlog.js";
import type { Entry, StatusCounts } from "../../../../src/worker/report/ledger.js";
import { seededRandom } from "../../../machines/support/seeded-random.js";
import { requestsIn, startedLedger } from "../../support/entries.js";

const OPERATIONS = 5000;
const OUTCOMES = ["success", "error", "cancelled"] as const;

describe("whatever comes, ends and fails in whatever order, the delivered reports add up", () => {
  test.each([1, 2, 3, 4, 5])("status reports (seed %d)", (seed) => {
    const random = seededRandom(seed);
    const { ledger, entry } = startedLedger();
    const open: Entry[] = [];
    const truth = { received: 0, cancelled: 0, rejected: 0, served: 0, seen: 0 };
    const reported = { newLoad: 0, rejLoad: 0, curPerf: 0, received: 0 };
    let underWay: StatusCounts | undefined;

    const step = (kind: number): void => {
      if (kind < 40) {
        const request = entry({ workload: random.below(500) });
        open.push(request);
        ledger.receive(request);
        truth.received += request.workload;
        truth.seen++;
      } else if (kind < 50) {
        const request = entry({ workload: random.below(500) });
        ledger.reject(request);
        truth.rejected += request.workload;
        truth.seen++;
      } else if (kind < 90) {
        const [request] = open.splice(random.below(open.length), 1);
        if (request === undefined) return;
        const outcome = random.pick(OUTCOMES);
        ledger.end(request, outcome, 2000);
        if (outcome === "success") truth.served += request.workload;
        if (outcome === "cancelled") truth.cancelled += request.workload;
      } else if (underWay === undefined) {
        underWay = ledger.status();
        expect(underWay.newLoad).toBeGreaterThanOrEqual(0);
        expect(underWay.curLoad).toBe(open.reduce((sum, { workload }) => sum + workload, 0));
        expect(underWay.requestIdxs.toSorted((a, b) => a - b)).toEqual(
          open.map(({ requestIdx }) => requestIdx).toSorted((a, b) => a - b),
        );
      } else {
        const isDelivered = random.next() < 0.6;
        if (isDelivered) {
          ledger.statusDelivered(underWay);
          reported.newLoad += underWay.newLoad;
          reported.rejLoad += underWay.rejLoad;
          reported.curPerf += underWay.curPerf;
          reported.received += underWay.received;
        }
        underWay = undefined;
      }
    };

    for (let operation = 0; operation < OPERATIONS; operation++) step(random.below(100));
    // A cancelled workload beyond what is new waits for new workload; this much is surely enough.
    const last = entry({ workload: 1_000_000 });
    ledger.receive(last);
    truth.received += last.workload;
    truth.seen++;
    const rest = ledger.status();
    expect(reported.newLoad + rest.newLoad).toBe(truth.received - truth.cancelled);
    expect(reported.rejLoad + rest.rejLoad).toBe(truth.rejected);
    expect(reported.curPerf + rest.curPerf).toBe(truth.served);
    expect(reported.received + rest.received).toBe(truth.seen);
    expect(reported.received).toBeGreaterThan(0);
  });

  test.each([1, 2, 3])("reports of ended requests: each exactly once, in order (seed %d)", (seed) => {
    const random = seededRandom(seed);
    const { ledger, entry } = startedLedger();
    const ended: number[] = [];
    const reported: number[] = [];
    let underWay: EndedSlice | undefined;
    const indexesOf = (slice: EndedSlice): readonly number[] =>
      requestsIn(slice).map(({ request_idx }) => request_idx);
    for (let operation = 0; operation < OPERATIONS; operation++) {
      if (random.next() < 0.7) {
        const request = entry();
        if (random.next() < 0.3) ledger.reject(request);
        else {
          ledger.receive(request);
          ledger.end(request, random.pick(OUTCOMES), 2000);
        }
        ended.push(request.requestIdx);
      } else if (underWay === undefined) underWay = ledger.ended(1 + random.below(8));
      else {
        if (random.next() < 0.6) {
          ledger.endedDelivered(underWay);
          reported.push(...indexesOf(underWay));
        }
        underWay = undefined;
      }
    }
    reported.push(...indexesOf(ledger.ended(Number.POSITIVE_INFINITY)));
    expect(reported).toEqual(ended);
    expect(ledger.takeDropped()).toBe(0);
  });
});
