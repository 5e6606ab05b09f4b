import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Sent } from "../../src/model/send-payload.js";
import { eventually } from "../support/eventually.js";
import { benchmarkOf, inFolderOfItsOwn } from "./support/benchmarks.js";

const ANSWERED: Sent = { answered: true };
const FAILED: Sent = { answered: false, fault: "status 500" };

beforeEach(() => {
  inFolderOfItsOwn();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("a benchmark", () => {
  test.each([
    [{ runs: 3, concurrency: 4, doWarmup: true }, 1 + 3 * 4],
    [{ runs: 3, concurrency: 4, doWarmup: false }, 3 * 4],
    [{ runs: 1, concurrency: 1, doWarmup: true }, 2],
    [{}, 1 + 8 * 10],
  ])("of %j sends %d requests", async (config, count) => {
    const { sent, run } = benchmarkOf(config);
    await run();
    expect(sent).toHaveLength(count);
  });

  test("of a serial handler sends one request at a time", async () => {
    const { sent, run } = benchmarkOf({ handler: { allowParallelRequests: false }, runs: 3, concurrency: 4 });
    await run();
    expect(sent).toHaveLength(1 + 3);
  });

  test("warms up with one request alone, then sends a whole round at once and waits for its end", async () => {
    let open = 0;
    const openAtArrival: number[] = [];
    const { run } = benchmarkOf({
      runs: 2,
      concurrency: 3,
      send: async () => {
        openAtArrival.push(open++);
        await setImmediate();
        open--;
        return ANSWERED;
      },
    });
    await run();
    expect(openAtArrival).toEqual([0, 0, 1, 2, 0, 1, 2]);
  });

  test("makes a payload for each request", async () => {
    let made = 0;
    const { sent, run } = benchmarkOf({ generator: () => ({ made: ++made }), runs: 2, concurrency: 2 });
    await run();
    expect(sent).toEqual([1, 2, 3, 4, 5].map((number) => ({ made: number })));
  });

  test("of which a round takes too long fails, and its requests are told", async () => {
    const signals: AbortSignal[] = [];
    const { run } = benchmarkOf({
      timeoutMs: 20,
      concurrency: 3,
      doWarmup: false,
      send: (_payload, signal) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    await expect(run()).rejects.toThrow("the benchmark got no answer within 0.02 s");
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true]);
  });

  test("is stopped with its worker: requests are told, and no further round begins", async () => {
    const signals: AbortSignal[] = [];
    const { sent, begin } = benchmarkOf({
      runs: 5,
      concurrency: 2,
      doWarmup: false,
      send: (_, signal) => {
        signals.push(signal);
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve(ANSWERED)));
      },
    });
    const benchmark = begin();
    await eventually(() => expect(sent).toHaveLength(2));
    benchmark.stop();
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    await setImmediate();
    expect(sent).toHaveLength(2);
  });
});

describe("the result of a benchmark", () => {
  /** Runs rounds that take so many seconds each; the first request of a round takes all of its time. */
  const measure = (seconds: readonly number[], answerOf: (index: number) => Sent = () => ANSWERED) => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const concurrency = 4;
    let index = 0;
    return benchmarkOf({
      runs: seconds.length,
      concurrency,
      doWarmup: false,
      handler: { workloadCalculator: () => 25 },
      send: async () => {
        if (index % concurrency === 0) vi.advanceTimersByTime((seconds[index / concurrency] ?? 0) * 1000);
        return answerOf(index++);
      },
    }).run();
  };

  test("is the workload per second of its best round", async () => {
    expect(await measure([2, 0.5, 4])).toBe(200);
    expect(await measure([2])).toBe(200);
  });

  test("counts only what was answered", async () => {
    expect(await measure([2, 1, 4], (index) => (index >= 4 && index < 7 ? FAILED : ANSWERED))).toBe(50);
  });

  test("does not count the warm-up, whether it succeeds or not", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    let isWarmUp = true;
    const { run } = benchmarkOf({
      runs: 1,
      concurrency: 1,
      send: async () => {
        vi.advanceTimersByTime(isWarmUp ? 60_000 : 2000);
        const sent = isWarmUp ? FAILED : ANSWERED;
        isWarmUp = false;
        return sent;
      },
    });
    expect(await run()).toBe(50);
  });
});

describe("a benchmark fails", () => {
  test.each([
    ["in its first round", 0],
    ["in a later round", 3],
  ])("when nothing is answered %s", async (_, answered) => {
    let count = 0;
    const { run } = benchmarkOf({
      runs: 3,
      concurrency: 3,
      doWarmup: false,
      send: async () => (count++ < answered ? ANSWERED : FAILED),
    });
    await expect(run()).rejects.toMatchObject({
      code: "BENCHMARK_FAILED",
      message: "No successful responses from benchmark",
    });
    expect(count).toBe(answered + 3);
  });

  test("when its payloads are no work", async () => {
    const { run } = benchmarkOf({ handler: { workloadCalculator: () => 0 } });
    await expect(run()).rejects.toThrow("every payload of the benchmark has a workload of 0");
  });

  test("when its generator throws", async () => {
    const { run } = benchmarkOf({
      generator: () => {
        throw new Error("no prompts");
      },
    });
    await expect(run()).rejects.toThrow("no prompts");
  });
});
