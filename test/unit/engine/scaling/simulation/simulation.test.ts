import { describe, expect, test } from "vitest";
import { parseScenario } from "../../../../../src/engine/scaling/simulation/scenario.js";
import { simulate } from "../../../../../src/engine/scaling/simulation/simulation.js";

const simulated = (scenario: object) => simulate(parseScenario(scenario));

/** One worker of 100 workload per second from the beginning, and no other. */
const alone = {
  duration: 3600,
  workers: { capacity: 100, price: 1 },
  parameters: { max_workers: 1, cold_workers: 1, cold_mult: 1 },
  begins_with: { active: 1 },
};

const busy = {
  duration: 7200,
  load: { shape: "burst", low: 300, high: 2500, every: 1800, lasting: 300, noise: 0.2 },
  workers: { capacity: { mean: 100, deviation: 30 }, failures_per_day: 40 },
  parameters: { max_workers: 40 },
  give_up_after: 60,
};

test("the same scenario and seed give the same, and another seed something else", () => {
  expect(simulated(busy)).toEqual(simulated(busy));
  expect(simulated({ ...busy, seed: 2 }).summary).not.toEqual(simulated(busy).summary);
});

test.each([1, 2, 3])("no work and no worker comes from nowhere or is lost (seed %i)", (seed) => {
  const { samples, summary } = simulated({ ...busy, seed });
  const { asked, begun, gaveUp, waiting } = summary.work;
  expect(begun + gaveUp + waiting).toBeCloseTo(asked, 3);
  expect(gaveUp).toBeGreaterThan(0);
  expect(summary.workers.failed).toBeGreaterThan(0);
  for (const { active, inactive, rising, failed, waitP50, waitP99 } of samples) {
    expect(active + inactive + rising + failed).toBeLessThanOrEqual(40);
    expect(waitP50).toBeLessThanOrEqual(waitP99);
  }
  const last = samples.at(-1);
  const { created, destroyed } = summary.workers;
  expect(created - destroyed).toBe(
    (last?.active ?? 0) + (last?.inactive ?? 0) + (last?.rising ?? 0) + (last?.failed ?? 0),
  );
});

test("with a worker that is not full nothing waits, and it costs its price", () => {
  const { wait, cost, utilisation, work } = simulated({
    ...alone,
    load: { shape: "steady", load: 50 },
  }).summary;
  expect(wait).toEqual({ p50: 0, p90: 0, p99: 0, longest: 0 });
  expect(utilisation).toBeCloseTo(0.5);
  expect(work.begun).toBeCloseTo(180_000);
  expect(cost.total).toBeCloseTo(1);
  expect(cost.perMillionWorkload).toBeCloseTo(1 / 0.18);
});

test("at 1.5 times its capacity, waits increase by half a second each second", () => {
  const { samples, summary } = simulated({ ...alone, load: { shape: "steady", load: 150 }, duration: 300 });
  // After 300 s there are 15,000 of workload to do: the last one waits for a third of 300 s.
  expect(summary.work.waiting).toBeCloseTo(15_000 - 30 * 100);
  expect(summary.utilisation).toBeCloseTo(1.1);
  const half = samples.find(({ at }) => at >= 150);
  expect(half?.waitP99).toBeGreaterThan(58);
  expect(half?.waitP99).toBeLessThan(62);
});

test("clients that have waited for too long give up", () => {
  const load = { shape: "steady", load: 150 };
  const { summary } = simulated({ ...alone, load, give_up_after: 20 });
  expect(summary.work.gaveUp / summary.work.asked).toBeCloseTo(1 / 3, 1);
  expect(summary.wait.longest).toBeLessThan(20 + 30 + 2);
});

test("an endpoint at rest wakes for the first request, and rests again when there was none for long", () => {
  const { samples } = simulated({
    duration: 3600,
    load: {
      shape: "points",
      points: [
        [600, 0],
        [601, 80],
        [1200, 80],
        [1201, 0],
      ],
    },
    workers: { capacity: 100, starting: 8 },
    parameters: { max_workers: 3, cold_workers: 1, min_load: 0, inactivity_timeout: 600 },
  });
  const activeAt = (time: number) => samples.find(({ at }) => at >= time)?.active;
  expect([590, 650, 1700, 1850].map(activeAt)).toEqual([0, 1, 1, 0]);
});

test("workers that fail come back, and the endpoint keeps up with its load", () => {
  const { samples, summary } = simulated({
    duration: 86_400,
    load: { shape: "steady", load: 900 },
    workers: { capacity: 100, failures_per_day: 4 },
    parameters: { max_workers: 40, cold_mult: 2 },
    begins_with: { active: 10, inactive: 10 },
  });
  expect(summary.workers.failed).toBeGreaterThan(40);
  const enough = samples.filter(({ capacity }) => capacity >= 900);
  expect(enough.length / samples.length).toBeGreaterThan(0.95);
  expect(summary.work.begun / summary.work.asked).toBeGreaterThan(0.999);
});

describe("under a steady load", () => {
  test("the fleet settles, and nothing changes any more", () => {
    const scenario = {
      duration: 86_400,
      load: { shape: "steady", load: 900, noise: 0.2 },
      workers: { capacity: { mean: 100, deviation: 20 } },
      parameters: { max_workers: 40, cold_mult: 2 },
      begins_with: { active: 10, inactive: 10 },
    };
    const { created, activated, rested, destroyed } = simulated(scenario).summary.workers;
    expect(created + activated + rested + destroyed).toBeLessThan(20);
  });
});

test("10,000 workers over a day take less than a minute of work", () => {
  // The processor's time, because others may want the processor too.
  const begun = process.cpuUsage();
  const { summary } = simulated({
    duration: 86_400,
    load: { shape: "sine", low: 300_000, high: 900_000, period: 86_400, noise: 0.05 },
    workers: { capacity: { mean: 100, deviation: 15 }, price: { from: 0.3, to: 0.7 }, failures_per_day: 0.2 },
    parameters: { max_workers: 11_000, cold_workers: 10_000, cold_mult: 1.2 },
    begins_with: { active: 3500, inactive: 6500 },
  });
  const { user, system } = process.cpuUsage(begun);
  expect((user + system) / 1e6).toBeLessThan(60);
  expect(summary.workers.most).toBeGreaterThanOrEqual(10_000);
  expect(summary.work.begun / summary.work.asked).toBeGreaterThan(0.999);
}, 300_000);
