import { describe, expect, test } from "vitest";
import { checkConfig } from "../../../../src/worker/config/check-config.js";
import type { WorkerConfig } from "../../../../src/worker/config/config.js";
import type { HandlerConfig } from "../../../../src/worker/config/handler-config.js";
import { BENCHMARK, checkedHandlers, workerConfig } from "../../support/config.js";

describe("what a configuration leaves out", () => {
  test("is filled in for the worker", () => {
    expect(checkConfig(workerConfig())).toMatchObject({
      maxSessions: 10,
      modelHeaders: {},
      maxConnections: null,
      maxBodyBytes: 256 * 1024 * 1024,
      streamHeaders: true,
      drainTimeout: 30,
      logActionConfig: { onLoad: [], onError: [], onInfo: [] },
    });
  });

  test("is filled in for a handler", () => {
    expect(checkedHandlers({ route: "/go" }).handlers[0]).toMatchObject({
      maxQueueTime: 30,
      forwardQuery: true,
      sseKeepAliveMs: null,
      queue: "serial",
      limit: 1,
      timeouts: { connectMs: 10_000, headersMs: null, idleMs: null },
    });
  });

  test("is filled in for a benchmark", () => {
    const { benchmark } = checkedHandlers({ route: "/go", allowParallelRequests: true });
    expect(benchmark).toMatchObject({ runs: 8, concurrency: 10, doWarmup: true });
  });

  test("is filled in beside what is given", () => {
    const { handlers, logActionConfig } = checkConfig(
      workerConfig({
        modelLogFile: "/model.log",
        logActionConfig: { onLoad: ["loaded"] },
        handlers: [{ route: "/go", timeouts: { headersMs: 5 }, benchmarkConfig: BENCHMARK }],
      }),
    );
    expect(logActionConfig).toEqual({ onLoad: ["loaded"], onError: [], onInfo: [] });
    expect(handlers[0]?.timeouts).toEqual({ connectMs: 10_000, headersMs: 5, idleMs: null, totalMs: null });
  });
});

describe("what a configuration describes", () => {
  test("is kept", () => {
    const handler = {
      route: "/v1/completions",
      allowParallelRequests: true,
      concurrency: 4,
      queue: "gpu",
      maxQueueTime: null,
      workloadCalculator: () => 1,
      requestParser: () => ({}),
      responseGenerator: (_: Request, response: Response) => response,
      timeouts: { connectMs: null, headersMs: 2, idleMs: 3 },
      benchmarkConfig: { dataset: [{ a: 1 }], runs: 2, concurrency: 3, doWarmup: false },
    };
    const config = {
      modelServerUrl: "https://model:8443/base",
      modelLogFile: "/model.log",
      modelHealthcheckUrl: "/health",
      handlers: [handler],
      logActionConfig: { onLoad: ["a"], onError: ["b"], onInfo: ["c"] },
      maxSessions: 0,
      modelHeaders: { "X-Key": "k" },
      maxConnections: 3,
      maxBodyBytes: 1,
      drainTimeout: 0,
    };
    const checked = checkConfig(config);
    expect(checked).toMatchObject(config);
    expect(checked.benchmark).toMatchObject({ runs: 2, concurrency: 3, doWarmup: false });
  });

  test("may be that sessions have no limit", () => {
    expect(checkConfig(workerConfig({ maxSessions: null })).maxSessions).toBeNull();
  });
});

describe("the model server's address", () => {
  test.each([
    ["http://127.0.0.1", 18000, "http://127.0.0.1:18000"],
    ["http://127.0.0.1/", 18000, "http://127.0.0.1:18000"],
    ["http://model:9000", 18000, "http://model:9000"],
    ["http://model:80", 18000, "http://model"],
    ["https://model:443/", 18000, "https://model"],
    ["http://model", undefined, "http://model"],
    ["https://model/base/path/", undefined, "https://model/base/path"],
    ["http://model/base", 18000, "http://model:18000/base"],
    ["http://[::1]", 18000, "http://[::1]:18000"],
    ["http://[::1]:9000", 18000, "http://[::1]:9000"],
  ])("%s with the port %s is %s", (modelServerUrl, modelServerPort, expected) => {
    const config = { modelServerUrl, ...(modelServerPort !== undefined && { modelServerPort }) };
    const { handlers } = workerConfig();
    expect(checkConfig({ handlers, ...config }).modelServer).toBe(expected);
  });

  test("is not needed where every handler has a function of its own", () => {
    const handlers = [{ route: "/go", remoteFunction: () => 1, benchmarkConfig: BENCHMARK }];
    expect(checkConfig({ handlers }).modelServer).toBeUndefined();
  });
});

const placesOf = (...handlers: readonly HandlerConfig[]) =>
  checkedHandlers(...handlers).handlers.map(({ queue, limit }) => [queue, limit]);

describe("the queue of a handler", () => {
  test("is the one that all serial handlers share, whether or not they are declared serial", () => {
    expect(
      placesOf(
        { route: "/a" },
        { route: "/b", allowParallelRequests: false },
        { route: "/c", concurrency: 1 },
        { route: "/d", allowParallelRequests: false, concurrency: 1 },
        { route: "/e", allowParallelRequests: true, concurrency: 1 },
      ),
    ).toEqual(Array(5).fill(["serial", 1]));
  });

  test("is its own and has no limit when it takes parallel requests", () => {
    expect(
      placesOf({ route: "/a", allowParallelRequests: true }, { route: "/b", allowParallelRequests: true }),
    ).toEqual([
      ["/a", Number.POSITIVE_INFINITY],
      ["/b", Number.POSITIVE_INFINITY],
    ]);
  });

  test("is its own and has the limit that it names", () => {
    expect(
      placesOf({ route: "/a", concurrency: 3 }, { route: "/b", allowParallelRequests: true, concurrency: 4 }),
    ).toEqual([
      ["/a", 3],
      ["/b", 4],
    ]);
  });

  test("is the one that it names, shared by all who name it", () => {
    expect(
      placesOf(
        { route: "/a", queue: "gpu", concurrency: 2 },
        { route: "/b", queue: "gpu", concurrency: 2 },
        { route: "/c", queue: "cpu" },
        { route: "/d" },
      ),
    ).toEqual([
      ["gpu", 2],
      ["gpu", 2],
      ["cpu", 1],
      ["serial", 1],
    ]);
  });
});

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

describe("null, where the Python worker takes None,", () => {
  test("is the same as leaving the option out", () => {
    const go = { route: "/go", remoteFunction: () => 1 };
    const config = checkConfig({
      modelServerUrl: null,
      modelServerPort: null,
      modelLogFile: null,
      modelHealthcheckUrl: null,
      lifecycle: null,
      host: null,
      backlog: null,
      handlers: [
        {
          ...go,
          requestParser: null,
          workloadCalculator: null,
          responseGenerator: null,
          benchmarkConfig: { generator: () => ({}), dataset: null, concurrency: null },
        },
        { ...go, route: "/other", benchmarkConfig: null },
      ],
    });
    const given = checkConfig({
      handlers: [
        { ...go, benchmarkConfig: { generator: () => ({}) } },
        { ...go, route: "/other" },
      ],
    });
    expect({ ...config, handlers: [], benchmark: undefined }).toEqual({
      ...given,
      handlers: [],
      benchmark: undefined,
    });
    expect(config.handlers[1]).toEqual({ ...given.handlers[1], remoteFunction: expect.any(Function) });
    expect(config.handlers[0]?.benchmarkConfig).toMatchObject({ runs: 8, concurrency: 10, doWarmup: true });
    expect(checkConfig(workerConfig({ modelHealthcheckUrl: null })).modelHealthcheckUrl).toBeUndefined();
  });

  test("is 10 as the concurrency of a benchmark", () => {
    const handler = { route: "/go", allowParallelRequests: true };
    const benchmarkConfig = { dataset: [{}], generator: null, concurrency: null };
    expect(
      checkConfig(workerConfig({ handlers: [{ ...handler, benchmarkConfig }] })).benchmark.concurrency,
    ).toBe(10);
  });

  test("is an error elsewhere", () => {
    for (const config of [
      { handlers: null },
      { openRoutes: null },
      { logActionConfig: null },
      { cors: null },
    ])
      expect(() => checkConfig({ ...workerConfig(), ...config } as unknown as WorkerConfig)).toThrow(
        /got null/,
      );
  });
});
