import { describe, expect, test } from "vitest";
import type { HandlerConfig } from "../../src/worker/config/handler-config.js";
import { BENCHMARK, checkedHandlers } from "./support/config.js";

const benchmarkOf = (handler: Partial<HandlerConfig>) =>
  checkedHandlers({ route: "/go", benchmarkConfig: BENCHMARK, ...handler }).benchmark;

describe("the benchmark", () => {
  test("belongs to the handler that has its configuration", () => {
    const { benchmark, handlers } = checkedHandlers(
      { route: "/a" },
      { route: "/b", benchmarkConfig: BENCHMARK },
      { route: "/c" },
    );
    expect(benchmark.handler).toBe(handlers[1]);
  });

  test("runs no more requests at once than its handler allows", () => {
    const benchmarkConfig = { ...BENCHMARK, concurrency: 7 };
    expect(benchmarkOf({ benchmarkConfig }).concurrency).toBe(1);
    expect(benchmarkOf({ benchmarkConfig, concurrency: 3 }).concurrency).toBe(3);
    expect(benchmarkOf({ benchmarkConfig, concurrency: 9 }).concurrency).toBe(7);
    expect(benchmarkOf({ benchmarkConfig, allowParallelRequests: true }).concurrency).toBe(7);
  });

  test("takes each payload from the generator", () => {
    let made = 0;
    const { payload } = benchmarkOf({ benchmarkConfig: { generator: () => ({ made: ++made }) } });
    expect([payload(), payload()]).toEqual([{ made: 1 }, { made: 2 }]);
  });

  test("takes payloads from all over the dataset, and no others", () => {
    const dataset = [{ a: 1 }, { a: 2 }, { a: 3 }];
    const { payload } = benchmarkOf({ benchmarkConfig: { dataset } });
    const drawn = new Set(Array.from({ length: 500 }, payload));
    expect(drawn).toEqual(new Set(dataset));
  });
});
