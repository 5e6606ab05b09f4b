import type { GenerationMetrics, TokenUsage } from "../metrics/generation-metrics.js";

/** Bytes at the end of an answer in which its `usage` is looked for. */
const TAIL = 1024;
/** Bytes that are collected before all but the tail is dropped. */
const ROOM = 3 * TAIL;

const INPUT = /"(?:prompt_tokens|input_tokens)"\s*:\s*(\d{1,15})\b/;
const OUTPUT = /"(?:completion_tokens|output_tokens)"\s*:\s*(\d{1,15})\b/;

const numberIn = (text: string, field: RegExp): number | undefined => {
  const [, digits] = field.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
};

/**
 * The tokens that an answer in JSON, or the last event of a stream, reports. Generated text never matches: its quotes are escaped.
 *
 * @param text the end of the answer.
 * @returns undefined where it reports none.
 */
export function usageIn(text: string): TokenUsage | undefined {
  const at = text.lastIndexOf('"usage"');
  if (at === -1) return undefined;
  const usage = text.slice(at);
  return { input: numberIn(usage, INPUT), output: numberIn(usage, OUTPUT) };
}

/** Reads the tokens of one answer: only its end is kept, in one buffer. */
export class TokenCounter {
  readonly #metrics: GenerationMetrics;
  readonly #arrivedAt: number;
  #kept: Buffer | undefined;
  #used = 0;
  #firstAt = 0;

  /** @param arrivedAt milliseconds of `performance.now()`. */
  constructor(metrics: GenerationMetrics, arrivedAt: number) {
    this.#metrics = metrics;
    this.#arrivedAt = arrivedAt;
  }

  /** @param piece valid during the call. */
  piece(piece: Buffer): void {
    if (this.#kept === undefined) {
      this.#kept = Buffer.allocUnsafe(ROOM);
      this.#firstAt = performance.now();
    }
    const kept = this.#kept;
    const from = Math.max(0, piece.length - TAIL);
    if (this.#used + piece.length - from > ROOM) {
      kept.copyWithin(0, this.#used - TAIL, this.#used);
      this.#used = TAIL;
    }
    this.#used += piece.copy(kept, this.#used, from);
  }

  /** The answer that came in pieces has ended. */
  end(isStream: boolean): void {
    const tail = this.#kept?.toString("latin1", Math.max(0, this.#used - TAIL), this.#used) ?? "";
    this.#count(tail, isStream && this.#kept !== undefined ? this.#firstAt : undefined);
  }

  /** The answer came in one piece. */
  whole(body: Buffer): void {
    this.#count(body.toString("latin1", Math.max(0, body.length - TAIL)), undefined);
  }

  #count(tail: string, firstAt: number | undefined): void {
    this.#metrics.ended(usageIn(tail), { arrivedAt: this.#arrivedAt, firstAt, endedAt: performance.now() });
  }
}
