import { setTimeout as sleep } from "node:timers/promises";
import { random, seedFor } from "../../random.js";
import { Places } from "../places.js";
import { Batch } from "./batch.js";
import type { InferenceOptions } from "./inference-options.js";
import { words } from "./words.js";

/** What a request takes. */
export interface InferenceWork {
  /** Tokens that are read. */
  readonly prompt: number;
  /** Tokens that are made. */
  readonly tokens: number;
}

/** The inference of a simulated language model: keeps the places and the pace, and counts the tokens. */
export class Inference {
  readonly #batch: Batch;
  readonly #places: Places;
  readonly #firstTokenMs: number;
  readonly #prefillTokensPerSecond: number;
  readonly #seed: number;

  constructor(options: InferenceOptions) {
    this.#seed = options.seed ?? 1;
    this.#firstTokenMs = options.firstTokenMs ?? 20;
    this.#prefillTokensPerSecond = options.prefillTokensPerSecond ?? 20_000;
    this.#places = new Places(options.maxConcurrency ?? Number.POSITIVE_INFINITY);
    this.#batch = new Batch({
      tokensPerSecond: options.tokensPerSecond ?? 400,
      batchTokensPerSecond: options.batchTokensPerSecond ?? 30_000,
      jitter: options.jitter ?? 0.1,
      seed: this.#seed,
    });
  }

  /** Requests that wait for a place. */
  get waiting(): number {
    return this.#places.waiting;
  }

  /** Tokens made. */
  get tokens(): number {
    return this.#batch.made;
  }

  /**
   * Reads the prompt, and then yields once for each token made.
   *
   * @throws the signal's reason when it is aborted, waiting or running.
   */
  async *run({ prompt, tokens }: InferenceWork, signal: AbortSignal): AsyncGenerator<void, void> {
    await this.#places.enter(signal);
    try {
      const prefillMs = this.#firstTokenMs + (1000 * prompt) / this.#prefillTokensPerSecond;
      if (prefillMs > 0) await sleep(prefillMs, undefined, { signal });
      yield* this.#batch.generate(tokens, signal);
    } finally {
      this.#places.leave();
    }
  }

  /** The same, for who wants nothing before the end. */
  async finish(work: InferenceWork, signal: AbortSignal): Promise<void> {
    for await (const _ of this.run(work, signal));
  }

  /** Generates a text word by word, which depends on what was asked and on the seed only. */
  async *text(asked: string, work: InferenceWork, signal: AbortSignal): AsyncGenerator<string, void> {
    const text = words(random(this.seedFor(asked)));
    for await (const _ of this.run(work, signal)) yield text.next().value;
  }

  /** A seed for whatever is made of a request. */
  seedFor(asked: string): number {
    return seedFor(this.#seed, asked);
  }
}
