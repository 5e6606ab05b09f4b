import { setMaxListeners } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { fromPromise } from "xstate";
import type { Benchmark } from "../config.js";
import { TsworkerError } from "../errors.js";
import type { Log } from "../log.js";
import type { Payload } from "../wire.js";
import { workloadOf } from "../workload.js";
import type { Sent } from "./send-payload.js";

/** Sends one payload through the handler to the model. */
export type SendPayload = (payload: Payload, signal: AbortSignal) => Promise<Sent>;

interface BenchmarkInput {
  readonly benchmark: Benchmark;
  readonly send: SendPayload;
  /** Ends when the model takes requests. */
  readonly awaitModel: (signal: AbortSignal) => Promise<void>;
  /** Milliseconds that a round may take: a model that hangs is to be noticed some day. */
  readonly timeoutMs: number;
  /** Keeps the result over restarts: a number, as text. */
  readonly file: string;
  readonly log: Log;
}

async function keptResult(file: string): Promise<number | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  const result = Number(text?.trim() || Number.NaN);
  return Number.isFinite(result) && result > 0 ? result : undefined;
}

/**
 * Measures the model's capacity in workload per second: the best of `runs` rounds, each of `concurrency`
 * requests at once, after one warm-up request. A round's throughput is the workload of the requests that
 * answered 200, divided by the round's seconds.
 */
export function runBenchmark({ benchmark, send, awaitModel, timeoutMs, file, log }: BenchmarkInput) {
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
    const workload = workloadOf(handler, body, log);
    return { ...(await send(body, signal)), workload };
  };
  const sendRound = async (
    count: number,
    signal: AbortSignal,
  ): Promise<Awaited<ReturnType<typeof sendOne>>[]> => {
    const round = new AbortController();
    // Each request of a round listens to it.
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
    // A result that was kept does not say that this model takes requests already.
    await awaitModel(signal);
    const kept = await keptResult(file);
    signal.throwIfAborted();
    if (kept !== undefined) {
      log.info({ maxPerf: kept, file }, "benchmark result kept from an earlier start");
      return kept;
    }
    if (doWarmup) {
      log.info({ route: handler.route }, "benchmark warm-up");
      await sendRound(1, signal);
    }
    let best = 0;
    for (let round = 1; round <= runs; round++) {
      const begun = performance.now();
      const sent = await sendRound(concurrency, signal);
      const seconds = (performance.now() - begun) / 1000;
      const successes = sent.filter(({ answered }) => answered);
      const throughput = successes.reduce((sum, { workload }) => sum + workload, 0) / seconds;
      const failed = sent.find((each) => !each.answered);
      log.info(
        {
          round,
          rounds: runs,
          requests: concurrency,
          successes: successes.length,
          seconds,
          throughput,
          ...(failed && { fault: failed.fault }),
          ...(failed?.thrown !== undefined && { err: failed.thrown }),
        },
        "benchmark round",
      );
      if (successes.length === 0) {
        throw new TsworkerError("BENCHMARK_FAILED", "No successful responses from benchmark");
      }
      if (throughput === 0) {
        throw new TsworkerError(
          "BENCHMARK_FAILED",
          "every payload of the benchmark has a workload of 0, expected more",
        );
      }
      best = Math.max(best, throughput);
    }
    await writeFile(file, String(best)).catch((error: unknown) => {
      log.warn({ err: error, file }, "benchmark result not kept: the next start measures again");
    });
    return best;
  });
}
