import { setTimeout as sleep } from "node:timers/promises";
import { random, seedFor } from "../../shared/random.js";
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
   * Does the work and makes nothing of it.
   *
   * @throws the signal's reason when it is aborted, waiting or running.
   */
  async finish({ prompt, tokens }: InferenceWork, signal: AbortSignal): Promise<void> {
    await this.#places.enter(signal);
    try {
      await this.#read(prompt, signal);
      await this.#batch.finish(tokens, signal);
    } finally {
      this.#places.leave();
    }
  }

  /** Generates a text, which depends on what was asked and on the seed only. */
  async text(asked: string, work: InferenceWork, signal: AbortSignal): Promise<string> {
    await this.finish(work, signal);
    const text = this.#words(asked);
    return Array.from({ length: work.tokens }, () => text.next().value).join("");
  }

  /** The same text word by word, each when it is made. */
  async *words(
    asked: string,
    { prompt, tokens }: InferenceWork,
    signal: AbortSignal,
  ): AsyncGenerator<string, void> {
    const text = this.#words(asked);
    await this.#places.enter(signal);
    try {
      await this.#read(prompt, signal);
      for await (const _ of this.#batch.generate(tokens, signal)) yield text.next().value;
    } finally {
      this.#places.leave();
    }
  }

  /** A seed for whatever is made of a request. */
  seedFor(asked: string): number {
    return seedFor(this.#seed, asked);
  }

  /** Reads a prompt: the time until the first token. */
  async #read(tokens: number, signal: AbortSignal): Promise<void> {
    const ms = this.#firstTokenMs + (1000 * tokens) / this.#prefillTokensPerSecond;
    if (ms > 0) await sleep(ms, undefined, { signal });
  }

  #words(asked: string): Generator<string, never> {
    return words(random(this.seedFor(asked)));
  }
}
