import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Failure, Success } from "../../../src/load/exchange.js";
import { Tally } from "../../../src/load/tally.js";

const SUCCESS: Success = { ok: true, tokens: 8, isCounted: false, text: "answer" };
const REFUSAL: Failure = { ok: false, where: "worker", what: "429", message: "too many" };

let startedAt = 0;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  startedAt = performance.now();
});

afterEach(() => {
  vi.useRealTimers();
});

const pass = (milliseconds: number): void => void vi.advanceTimersByTime(milliseconds);

test("latency and first byte count from the moment at which a request was due", () => {
  const tally = new Tally(startedAt, 1);
  pass(300);
  const request = tally.sent(startedAt);
  pass(100);
  request.routed();
  pass(200);
  request.firstByte();
  pass(400);
  request.ended(SUCCESS);
  const { firstByteMs, latencyMs, latestMs, routingMs } = tally.totals;
  expect(latencyMs?.max).toBeCloseTo(1000, -1);
  expect(firstByteMs?.max).toBeCloseTo(600, -1);
  expect(routingMs?.max).toBeCloseTo(100, -1);
  expect(latestMs).toBeCloseTo(300, 3);
});

test("an arrival that came late is counted in the second in which it was due", () => {
  const tally = new Tally(startedAt, 3);
  pass(2500);
  for (const due of [100, 1100, 2100]) tally.sent(startedAt + due);
  tally.notSent(startedAt + 200);
  tally.end();
  expect(tally.series.map(({ due, sent, notSent }) => ({ due, sent, notSent }))).toEqual([
    { due: 2, sent: 0, notSent: 0 },
    { due: 1, sent: 0, notSent: 0 },
    { due: 1, sent: 3, notSent: 1 },
  ]);
});

test("a request is routing, then generating, then done or failed", () => {
  const tally = new Tally(startedAt, 2);
  const first = tally.sent(startedAt);
  const second = tally.sent(startedAt);
  const now = () => {
    const { routing, generating, succeeded, failed } = tally.totals;
    return { routing, generating, succeeded, failed };
  };
  expect(now()).toEqual({ routing: 2, generating: 0, succeeded: 0, failed: 0 });
  first.routed();
  expect(now()).toEqual({ routing: 1, generating: 1, succeeded: 0, failed: 0 });
  first.ended(SUCCESS);
  second.ended({ ok: false, where: "engine", what: "NO_WORKER_READY", message: "none" });
  expect(now()).toEqual({ routing: 0, generating: 0, succeeded: 1, failed: 1 });
});

test("failures are counted by kind, with the message of the first of each", () => {
  const tally = new Tally(startedAt, null);
  for (const message of ["one", "two"]) tally.sent(startedAt).ended({ ...REFUSAL, message });
  tally.sent(startedAt).ended({ ...REFUSAL, what: "500", message: "three" });
  expect(tally.totals.errors).toEqual([
    { where: "worker", what: "429", count: 2, message: "one" },
    { where: "worker", what: "500", count: 1, message: "three" },
  ]);
  expect(tally.totals.latencyMs).toBeNull();
});

test("the last ten answers are kept", () => {
  const tally = new Tally(startedAt, null);
  for (let n = 1; n <= 12; n += 1) tally.sent(startedAt).ended({ ...SUCCESS, text: `${n}` });
  expect(tally.answers).toEqual(["3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]);
});
