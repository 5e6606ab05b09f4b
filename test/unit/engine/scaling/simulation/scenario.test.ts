import { expect, test } from "vitest";
import { parseScenario } from "../../../../../src/engine/scaling/simulation/scenario.js";
import { TsworkerError } from "../../../../../src/shared/errors.js";

const least = { duration: 60, load: { shape: "steady", load: 1 }, workers: { capacity: 100 } };

/** The message for an invalid scenario. */
function errorsOf(scenario: unknown): string {
  try {
    parseScenario(scenario);
    return "";
  } catch (error) {
    if (error instanceof TsworkerError && error.code === "CONFIG_INVALID") return error.message;
    throw error;
  }
}

test("a duration, a load and a capacity are a scenario, whose endpoint has the defaults", () => {
  const { parameters, plan_every, seed } = parseScenario(least);
  expect(parameters).toMatchObject({ max_workers: 16, cold_workers: 5, target_util: 0.9 });
  expect({ plan_every, seed }).toEqual({ plan_every: 10, seed: 1 });
});

test("all errors are listed at once, each with its path and the expected value", () => {
  const faulty = {
    duration: 0,
    load: { shape: "sine", low: 1, high: "2", period: 60 },
    workers: { capacity: { from: 3, to: 2 }, gpus: 4 },
    parameters: { target_util: 2, target_utilisation: 0.9 },
    begins_with: { active: 0.5 },
    sede: 1,
  };
  expect(
    errorsOf(faulty)
      .split("\n")
      .map((line) => line.trim())
      .toSorted(),
  ).toEqual(
    [
      "the scenario has 8 errors:",
      "begins_with.active: expected an integer",
      "duration: expected seconds, more than 0",
      "load.high: expected workload per second",
      "parameters.target_util: expected a number over 0, and at most 1",
      "parameters.target_utilisation: there is no such key",
      "sede: there is no such key",
      "workers.capacity: expected from to be at most to",
      "workers.gpus: there is no such key",
    ].toSorted(),
  );
});

test.each([
  [null, "the scenario: expected an object"],
  [
    { ...least, load: { shape: "square" } },
    "load.shape: expected a shape: steady, sine, burst, spike, points",
  ],
  [{ ...least, load: undefined }, "load: expected a shape"],
  [{ ...least, duration: 1e8 }, "step: expected at most 10000000 steps in all"],
  [
    { ...least, load: { shape: "steady", load: 1e6 }, request_workload: 1 },
    "request_workload: expected at most 20000000 requests in all; without it, the load has no single requests",
  ],
  [{ ...least, begins_with: { active: 1e12 } }, "begins_with.active: expected at most 100000"],
  [
    { ...least, load: { shape: "burst", low: 1, high: 2, every: 10, lasting: 50 } },
    "load.lasting: expected at most every",
  ],
  [{ ...least, workers: { capacity: 0 } }, "workers.capacity: expected a capacity over 0"],
  [{ ...least, workers: { capacity: "fast" } }, 'workers.capacity: expected a number, {"from", "to"} or'],
  [{ ...least, parameters: { target_queue_time: 60 } }, "parameters.target_queue_time: expected at most"],
  [
    {
      ...least,
      load: {
        shape: "points",
        points: [
          [5, 1],
          [5, 2],
        ],
      },
    },
    "load.points: expected points in the order of their times",
  ],
])("%j is refused", (scenario, fault) => {
  expect(errorsOf(scenario)).toContain(fault);
});
