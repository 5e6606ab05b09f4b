import { describe, expect, test } from "vitest";
import { checkConfig } from "../../src/worker/config/check-config.js";
import { BENCHMARK, checkedHandlers, workerConfig } from "./support/config.js";

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

describe("what a configuration says", () => {
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
