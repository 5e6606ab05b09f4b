import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Payload } from "../../../../src/shared/wire.js";
import type { Sent } from "../../../../src/worker/model/send-payload.js";
import { eventually } from "../../../support/eventually.js";
import { benchmarkOf, inFolderOfItsOwn } from "../../support/benchmarks.js";

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

  test("of which a round takes too long fails, and its requests are aborted", async () => {
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

  test("is stopped with its worker: requests are aborted, and no further round begins", async () => {
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
    const concurrency = 10;
    let index = 0;
    return benchmarkOf({
      runs: seconds.length,
      concurrency,
      doWarmup: false,
      handler: { workloadCalculator: () => 10 },
      send: async () => {
        if (index % concurrency === 0) vi.advanceTimersByTime((seconds[index / concurrency] ?? 0) * 1000);
        return answerOf(index++);
      },
    }).run();
  };

  test("is the workload per second of its best round", async () => {
    expect(await measure([2, 0.5, 4])).toBe(200);
  });

  test("counts only what was answered", async () => {
    expect(await measure([2, 1, 4], (index) => (index % 10 === 7 ? FAILED : ANSWERED))).toBe(90);
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

describe("a round of which more than a tenth fails", () => {
  /** A model of which each request takes a second, and which refuses more than so many at once. */
  const limited = (most: number, config: { readonly concurrency: number; readonly runs: number }) => {
    vi.useFakeTimers({ toFake: ["performance"] });
    let open = 0;
    return benchmarkOf({
      ...config,
      doWarmup: false,
      send: async () => {
        const answer: Sent = ++open <= most ? ANSWERED : FAILED;
        await setImmediate();
        if (--open === 0) vi.advanceTimersByTime(1000);
        return answer;
      },
    });
  };
  const requests = ({ lines }: ReturnType<typeof benchmarkOf>) =>
    lines.filter(({ msg }) => msg === "benchmark round").map((line) => line.requests);

  test("is repeated with half as many requests at once, and so is the rest", async () => {
    const benchmark = limited(3, { concurrency: 20, runs: 2 });
    expect(await benchmark.run()).toBe(200);
    expect(requests(benchmark)).toEqual([20, 10, 5, 2, 2]);
    expect(benchmark.warnings()).toMatchObject([
      { round: 1, requests: 20, successes: 3, fault: "status 500", concurrency: 10 },
      { requests: 10, successes: 3, concurrency: 5 },
      { requests: 5, successes: 3, concurrency: 2 },
    ]);
  });

  test("ends with one at a time at the latest", async () => {
    const benchmark = limited(1, { concurrency: 3, runs: 2 });
    expect(await benchmark.run()).toBe(100);
    expect(requests(benchmark)).toEqual([3, 1, 1]);
  });

  test("does not take back what an earlier round measured", async () => {
    let count = 0;
    const { run } = benchmarkOf({
      concurrency: 2,
      runs: 2,
      doWarmup: false,
      send: async () => (++count === 3 ? FAILED : ANSWERED),
    });
    expect(await run()).toBeGreaterThan(0);
    expect(count).toBe(2 + 2 + 1);
  });

  test("is one of which exactly a tenth fails not", async () => {
    const benchmark = limited(9, { concurrency: 10, runs: 2 });
    expect(await benchmark.run()).toBe(900);
    expect(requests(benchmark)).toEqual([10, 10]);
    expect(benchmark.warnings()).toEqual([]);
  });
});

describe("the tokens that were made count where the workload is tokens that may be made", () => {
  const measured = async (
    made: number,
    payload: Payload,
    workloadCalculator: (payload: Payload) => number,
  ): Promise<number> => {
    inFolderOfItsOwn();
    vi.useFakeTimers({ toFake: ["performance"] });
    return benchmarkOf({
      runs: 1,
      concurrency: 1,
      doWarmup: false,
      handler: { workloadCalculator },
      generator: () => payload,
      send: async () => {
        vi.advanceTimersByTime(1000);
        return { answered: true, tokens: made };
      },
    }).run();
  };
  const maxTokens = ({ max_tokens }: Payload): number => Number(max_tokens);

  test.each([
    ["fewer", 200, 200],
    ["as many", 500, 500],
    ["more than were asked for", 600, 500],
  ])("%s", async (_, made, workload) => {
    expect(await measured(made, { max_tokens: 500 }, maxTokens)).toBe(workload);
  });

  test.each<readonly [string, Payload, (payload: Payload) => number, number]>([
    ["thousands", { max_tokens: 500 }, ({ max_tokens }) => Number(max_tokens) / 1000, 0.2],
    ["requests", { max_tokens: 500 }, () => 100, 100],
    [
      "tokens read and made",
      { prompt: "abc", max_tokens: 500 },
      ({ prompt, max_tokens }) => String(prompt).length + Number(max_tokens),
      203,
    ],
    [
      "max_completion_tokens before max_tokens",
      { max_completion_tokens: 500, max_tokens: 900 },
      ({ max_completion_tokens }) => Number(max_completion_tokens),
      200,
    ],
    ["n_predict", { n_predict: 500 }, ({ n_predict }) => Number(n_predict), 200],
    ["n_predict without a limit", { n_predict: -1 }, () => 70, 70],
    [
      "TGI's parameters",
      { parameters: { max_new_tokens: 500, seed: 1 } },
      ({ parameters }) =>
        Number((parameters as Payload).max_new_tokens) + Number((parameters as Payload).seed),
      201,
    ],
    ["several completions of a prompt", { n: 2, max_tokens: 500 }, maxTokens, 100],
    ["several prompts", { prompt: ["a", "b"], max_tokens: 500 }, maxTokens, 100],
    ["a prompt of token ids", { prompt: [1, 2], max_tokens: 500 }, maxTokens, 200],
    ["no tokens at all", { steps: 30 }, ({ steps }) => Number(steps), 30],
  ])("in %s", async (_, payload, workloadCalculator, workload) => {
    const before = structuredClone(payload);
    expect(await measured(200, payload, workloadCalculator)).toBeCloseTo(workload);
    expect(payload).toEqual(before);
  });

  test("but not in an instance of a class, whose copy would lack its methods", async () => {
    class Completion {
      readonly max_tokens = 500;
      weigh(): number {
        return this.max_tokens;
      }
    }
    const payload = new Completion() as unknown as Payload;
    expect(await measured(200, payload, (each) => (each as unknown as Completion).weigh())).toBe(500);
  });

  test("and none are a failure with that reason", async () => {
    await expect(measured(0, { max_tokens: 500 }, maxTokens)).rejects.toThrow(
      "the model made no tokens in the benchmark",
    );
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
      message: "No successful responses from benchmark: status 500",
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
