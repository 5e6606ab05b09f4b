import { setTimeout as sleep } from "node:timers/promises";
import { type Random, random } from "../../random.js";
import { tokens } from "./tokens.js";

interface GenerationInput {
  /** Number of tokens to generate. */
  readonly count: number;
  readonly seed: number;
  readonly tokensPerSecond: number;
  readonly firstTokenMs: number;
  /** Share of the time between two tokens by which it varies, 0 to 1. */
  readonly jitter: number;
  /** Ends the generation. */
  readonly signal: AbortSignal;
}

/**
 * Generates tokens at the pace of a model.
 *
 * Each token has its time on a schedule that starts when the generation starts: a timer that fires late
 * does not slow down the rest, and tokens that are due together come together.
 *
 * @throws an `AbortError` when the signal is aborted.
 */
export async function* generation(input: GenerationInput): AsyncGenerator<string, void> {
  const numbers = random(input.seed);
  const text = tokens(numbers);
  const startedAt = performance.now();
  let dueMs = input.firstTokenMs;
  for (let made = 0; made < input.count; made += 1) {
    const aheadMs = startedAt + dueMs - performance.now();
    if (aheadMs > 0) await sleep(aheadMs, undefined, { signal: input.signal });
    input.signal.throwIfAborted();
    yield text.next().value;
    dueMs += (1000 / input.tokensPerSecond) * varied(input.jitter, numbers);
  }
}

function varied(jitter: number, numbers: Random): number {
  return 1 + jitter * (2 * numbers() - 1);
}
