import type { LoadPoint, LoadResult } from "../../src/load/load-result.js";

/** A result with some seconds; the test may replace parts. */
export function loadResult(
  parts: Partial<LoadResult> = {},
  totals: Partial<LoadResult["totals"]> = {},
): LoadResult {
  const durations = { count: 90, mean: 110, min: 80, p50: 100, p90: 150, p95: 200, p99: 400, max: 512 };
  return {
    format: "tsworker-load",
    version: 1,
    tsworker: "0.0.0",
    startedAt: "2025-01-02T03:04:05.678Z",
    ended: "complete",
    config: {
      endpoint: "chat",
      engineUrl: "http://127.0.0.1:8080",
      route: "/v1/completions",
      payloads: 2,
      order: "turn",
      seed: 1,
      cost: null,
      stream: true,
      timeoutMs: 60_000,
      arrivals: { kind: "open", profile: "sine", count: 100, rps: 10, maxInFlight: 1000 },
    },
    totals: {
      seconds: 10,
      planned: 100,
      sent: 100,
      notSent: 0,
      routing: 0,
      generating: 0,
      succeeded: 90,
      failed: 10,
      errors: [{ where: "worker", what: "429", count: 10, message: "too many" }],
      workers: [{ url: "http://10.0.0.1:3000", requests: 90 }],
      events: 1000,
      tokens: 0,
      countedTokens: 0,
      latencyMs: durations,
      firstByteMs: durations,
      routingMs: durations,
      latestMs: 2,
      ...totals,
    },
    percentiles: [
      { percent: 0, latencyMs: 80 },
      { percent: 50, latencyMs: 100 },
      { percent: 90, latencyMs: 150 },
      { percent: 100, latencyMs: 512 },
    ],
    series: Array.from({ length: 10 }, (_, second) => loadPoint(second)),
    answers: ["one", "two"],
    ...parts,
  };
}

/** A second in which requests were done; the test may replace parts. */
export function loadPoint(second: number, parts: Partial<LoadPoint> = {}): LoadPoint {
  return {
    second,
    due: 10,
    sent: 10,
    notSent: 0,
    succeeded: 9,
    failed: 1,
    inFlight: 3,
    events: 100,
    tokens: 0,
    latencyMs: { p50: 100, p90: 150, p99: 400 },
    firstByteMs: { p50: 20, p90: 30, p99: 40 },
    ...parts,
  };
}
