import { setMaxListeners } from "node:events";
import { fromPromise } from "xstate";
import { TsworkerError } from "../../shared/errors.js";
import type { Log } from "../../shared/log.js";
import type { Payload } from "../../shared/wire.js";
import type { Benchmark } from "../config/config-schema.js";
import { workloadOf } from "../config/workload.js";
import type { KeptBenchmark } from "./kept-benchmark.js";
import type { Sent } from "./send-payload.js";

/** Sends one payload through the handler to the model. */
export type SendPayload = (payload: Payload, signal: AbortSignal) => Promise<Sent>;

interface BenchmarkInput {
  readonly benchmark: Benchmark;
  readonly send: SendPayload;
  /** Resolves when the model accepts requests. */
  readonly awaitModel: (signal: AbortSignal) => Promise<void>;
  /** Milliseconds that a round may take, so that a model that hangs is detected. */
  readonly timeoutMs: number;
  /** Keeps the result over restarts. */
  readonly kept: KeptBenchmark;
  readonly log: Log;
}

/** Share of a round's requests that may fail: the throughput of a round with more failures does not count. */
const MOST_FAILED = 0.1;

/**
 * Measures the model's capacity in workload per second: the best of `runs` rounds, each of `concurrency`
 * requests at once, after one warm-up request. A round's throughput is the workload of the requests that
 * answered 200, divided by the round's seconds; where an answer has fewer tokens than its payload requested, those
 * count.
 *
 * A round in which more than a tenth of the requests fail does not count: it is repeated, and the rest run, with half
 * as many at once. One without any success is an error, and so it ends with a single request at the latest.
 */
export function runBenchmark({ benchmark, send, awaitModel, timeoutMs, kept, log }: BenchmarkInput) {
  const { handler, payload, runs, concurrency, doWarmup } = benchmark;
  const newPayload = (): Payload => {
    try {
      return payload();
    } catch (cause) {
      log.error({ route: handler.route, err: cause }, "benchmark generator threw");
      const fault = cause instanceof Error ? cause.message : String(cause);
      throw new TsworkerError("BENCHMARK_FAILED", `the benchmark's generator threw: ${fault}`, { cause });
    }
  };
  const sendOne = async (signal: AbortSignal): Promise<Sent & { workload: number }> => {
    const body = newPayload();
    const asked = workloadOf(handler, body, log);
    const sent = await send(body, signal);
    if (!sent.answered || sent.tokens === undefined) return { ...sent, workload: asked };
    const done = withLimitOf(body, sent.tokens);
    return { ...sent, workload: done === body ? asked : Math.min(asked, workloadOf(handler, done, log)) };
  };
  const sendRound = async (
    count: number,
    signal: AbortSignal,
  ): Promise<Awaited<ReturnType<typeof sendOne>>[]> => {
    const round = new AbortController();
    // Each request of a round adds a listener.
    setMaxListeners(0, round.signal);
    let timer: NodeJS.Timeout | undefined;
    let giveUp: () => void = () => {};
    const givenUp = new Promise<never>((_resolve, reject) => {
      giveUp = () => {
        round.abort();
        reject(signal.reason);
      };
      timer = setTimeout(() => {
        reject(
          new TsworkerError("BENCHMARK_FAILED", `the benchmark got no answer within ${timeoutMs / 1000} s`),
        );
      }, timeoutMs);
    });
    signal.addEventListener("abort", giveUp);
    try {
      signal.throwIfAborted();
      // A function may not listen to its signal.
      return await Promise.race([
        Promise.all(Array.from({ length: count }, () => sendOne(round.signal))),
        givenUp,
      ]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
      round.abort();
    }
  };

  return fromPromise<number>(async ({ signal }) => {
    // A kept result does not mean that this model accepts requests already.
    await awaitModel(signal);
    const earlier = await kept.read();
    signal.throwIfAborted();
    if (earlier !== undefined) return earlier;
    if (doWarmup) {
      log.info({ route: handler.route }, "benchmark warm-up");
      const [sent] = await sendRound(1, signal);
      if (sent?.answered === false) log.warn({ fault: sent.fault }, "benchmark warm-up failed");
    }
    let best = 0;
    let requests = concurrency;
    let round = 1;
    while (round <= runs) {
      const begun = performance.now();
      const sent = await sendRound(requests, signal);
      const seconds = (performance.now() - begun) / 1000;
      const successes = sent.filter(({ answered }) => answered);
      const throughput = successes.reduce((sum, { workload }) => sum + workload, 0) / seconds;
      const failed = sent.find((each) => !each.answered);
      log.info(
        {
          round,
          rounds: runs,
          requests,
          successes: successes.length,
          seconds,
          throughput,
          ...(failed && { fault: failed.fault }),
          ...(failed?.thrown !== undefined && { err: failed.thrown }),
        },
        "benchmark round",
      );
      if (failed !== undefined && successes.length === 0) {
        const message = `No successful responses from benchmark: ${failed.fault}`;
        throw new TsworkerError("BENCHMARK_FAILED", message);
      }
      if (throughput === 0) {
        const message = sent.some((each) => each.answered && each.tokens === 0)
          ? "the model made no tokens in the benchmark"
          : "every payload of the benchmark has a workload of 0, expected more";
        throw new TsworkerError("BENCHMARK_FAILED", message);
      }
      if (failed !== undefined && requests - successes.length > MOST_FAILED * requests) {
        const fewer = Math.max(1, Math.floor(requests / 2));
        log.warn(
          { round, requests, successes: successes.length, fault: failed.fault, concurrency: fewer },
          "benchmark round not counted, as more than a tenth of its requests failed: it is repeated with less concurrency",
        );
        requests = fewer;
        continue;
      }
      best = Math.max(best, throughput);
      round++;
    }
    await kept.write(best);
    return best;
  });
}

/** Fields with the limit of generated tokens, in order of precedence. */
const LIMITS: readonly (readonly [field: string, inner?: string])[] = [
  ["max_completion_tokens"],
  ["max_tokens"],
  ["max_output_tokens"],
  ["n_predict"],
  ["parameters", "max_new_tokens"],
  ["sampling_params", "max_new_tokens"],
  ["options", "num_predict"],
];

/**
 * The payload with its limit lowered to the generated tokens, if those are fewer: its workload is that of the work done, in
 * the handler's own units.
 *
 * @param made tokens of all its completions together.
 */
export function withLimitOf(payload: Payload, made: number): Payload {
  // A copy of an instance of a class would lack its methods.
  const prototype: unknown = Object.getPrototypeOf(payload);
  if (prototype !== Object.prototype && prototype !== null) return payload;
  const each = Math.ceil(made / completionsOf(payload));
  for (const [field, inner] of LIMITS) {
    const value = payload[field];
    if (inner === undefined) {
      if (isLimit(value)) return each < value ? { ...payload, [field]: each } : payload;
    } else if (typeof value === "object" && value !== null) {
      const limit: unknown = Reflect.get(value, inner);
      if (isLimit(limit))
        return each < limit ? { ...payload, [field]: { ...value, [inner]: each } } : payload;
    }
  }
  return payload;
}

const isLimit = (value: unknown): value is number => typeof value === "number" && value > 0;

/** Number of completions of a payload: `n` for each prompt. A list of numbers is one prompt, in tokens. */
function completionsOf({ n, prompt }: Payload): number {
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== "number" ? prompt.length : 1;
  return Math.max(1, prompts) * (typeof n === "number" && n > 1 ? n : 1);
}
