import { describe, expect, test } from "vitest";
import { RequestQueues } from "../../../../../src/engine/scaling/simulation/request-clients.js";
import { parseScenario } from "../../../../../src/engine/scaling/simulation/scenario.js";
import { simulate } from "../../../../../src/engine/scaling/simulation/simulation.js";
import { random } from "../../../../../src/shared/random.js";

describe("a request", () => {
  test("goes to the shortest expected queue", () => {
    const draw = random(4);
    const workers = Array.from({ length: 6 }, () => ({ capacity: 10 + 90 * draw(), freeAt: 5 * draw() }));
    const queues = new RequestQueues();
    for (const { capacity, freeAt } of workers) queues.join(capacity, freeAt);
    for (let at = 0; at < 200; at += draw()) {
      const work = 100 * draw();
      const shortest = workers.reduce((best, each) => (each.freeAt < best.freeAt ? each : best));
      const begins = Math.max(at, shortest.freeAt);
      expect(queues.put(work, at, Number.POSITIVE_INFINITY)).toBe(begins);
      shortest.freeAt = begins + work / shortest.capacity;
    }
  });

  test("is not taken where all are busy for too long, nor by a worker that has left", () => {
    const queues = new RequestQueues();
    const [one, other] = [queues.join(10, 0), queues.join(10, 0)];
    expect(other.leave()).toBe(0);
    expect(queues.put(100, 0, 5)).toBe(0);
    expect(queues.put(100, 1, 9.9)).toBeUndefined();
    expect(queues.put(100, 1, 10)).toBe(10);
    expect(one.leave()).toBe(20);
    expect(queues.put(100, 30, 100)).toBeUndefined();
  });
});

/** Waits of requests of one second each at one worker, which are `share` of what it can do. */
const waitsAt = (share: number, seed: number) =>
  simulate(
    parseScenario({
      duration: 100_000,
      load: { shape: "steady", load: 100 * share },
      workers: { capacity: 100 },
      parameters: { max_workers: 1, cold_workers: 1, max_queue_time: 1e6 },
      begins_with: { active: 1 },
      request_workload: 100,
      seed,
    }),
  ).summary;

describe("with requests one by one", () => {
  // Of requests at random moments, as many wait as the share of time in which the worker is busy.
  test.each([1, 2, 3])("as many wait as queueing theory predicts (seed %i)", (seed) => {
    expect(waitsAt(0.45, seed).wait.p50).toBe(0);
    expect(waitsAt(0.55, seed).wait.p50).toBeGreaterThan(0);
    expect(waitsAt(0.08, seed).wait.p90).toBe(0);
    expect(waitsAt(0.12, seed).wait.p90).toBeGreaterThan(0);
  });

  test("there are as many as the load requires, and they wait long for a full worker", () => {
    const { work, utilisation, wait } = waitsAt(0.9, 1);
    expect(Math.abs(work.asked / (90 * 100_000) - 1)).toBeLessThan(0.02);
    expect(Math.abs(utilisation - 0.9)).toBeLessThan(0.02);
    expect(wait.p90).toBeGreaterThan(5);
  });

  test("small ones wait as a fluid does where capacity is missing", () => {
    const scenario = {
      duration: 1800,
      load: { shape: "spike", low: 400, high: 1500, at: 600, lasting: 600 },
      workers: { capacity: 100, creating: 60, loading: 120, starting: 10 },
      parameters: { max_workers: 20, cold_workers: 10 },
      begins_with: { active: 5, inactive: 5 },
      give_up_after: 30,
    };
    const [fluid, requests] = [{}, { request_workload: 1 }].map((more) =>
      simulate(parseScenario({ ...scenario, ...more })),
    );
    const [one, other] = [fluid?.summary, requests?.summary];
    expect(one?.wait.p99).toBeGreaterThan(20);
    expect(Math.abs((one?.wait.p99 ?? 0) - (other?.wait.p99 ?? 0))).toBeLessThan(4);
    expect(Math.abs((one?.cost.total ?? 0) / (other?.cost.total ?? 1) - 1)).toBeLessThan(0.05);
  });

  test("no work is lost when workers fail and clients go away", () => {
    const { work, workers } = simulate(
      parseScenario({
        duration: 7200,
        load: { shape: "burst", low: 300, high: 2500, every: 1800, lasting: 300 },
        workers: { capacity: { mean: 100, deviation: 30 }, failures_per_day: 40 },
        parameters: { max_workers: 40 },
        request_workload: { mean: 50, deviation: 50 },
        give_up_after: 60,
      }),
    ).summary;
    expect(work.begun + work.gaveUp + work.waiting).toBeCloseTo(work.asked, 3);
    expect(Math.min(work.gaveUp, work.retried, workers.failed)).toBeGreaterThan(0);
  });
});
