import { setTimeout as sleep } from "node:timers/promises";
import { random, seedFor } from "../../shared/random.js";
import { Semaphore } from "../../shared/semaphore.js";
import { Batch } from "./batch.js";
import { words } from "./text.js";

/** Rates and limits of a simulated language model. */
export interface InferenceOptions {
  /**
   * Tokens per second of a request, as long as the batch is not at its limit.
   * @default 400
   */
  readonly tokensPerSecond?: number;
  /**
   * Tokens per second of all requests together, at most: from there on they share.
   * @default 30000
   */
  readonly batchTokensPerSecond?: number;
  /**
   * Tokens of a prompt that are read per second, before the first token is made.
   * @default 20000
   */
  readonly prefillTokensPerSecond?: number;
  /**
   * Milliseconds that pass before a request's first token in any case.
   * @default 20
   */
  readonly firstTokenMs?: number;
  /**
   * How many requests run at once; the others wait, in order.
   * @default Infinity
   */
  readonly maxConcurrency?: number;
  /**
   * How much the time between two tokens varies, as a share of it: 0 never, 0.5 from half to one and a half.
   * @default 0.1
   */
  readonly jitter?: number;
  /**
   * Seed of texts and jitter. The same seed and request give the same text.
   * @default 1
   */
  readonly seed?: number;
}

/** The tokens of a request. */
export interface InferenceWork {
  /** Tokens to read. */
  readonly prompt: number;
  /** Tokens to generate. */
  readonly tokens: number;
}

/** The inference of a simulated language model: limits concurrency and rates, and counts tokens. */
export class Inference {
  readonly #batch: Batch;
  readonly #slots: Semaphore;
  readonly #firstTokenMs: number;
  readonly #prefillTokensPerSecond: number;
  readonly #seed: number;
  #running = 0;
  #held = 0;

  constructor(options: InferenceOptions) {
    this.#seed = options.seed ?? 1;
    this.#firstTokenMs = options.firstTokenMs ?? 20;
    this.#prefillTokensPerSecond = options.prefillTokensPerSecond ?? 20_000;
    this.#slots = new Semaphore(options.maxConcurrency ?? Number.POSITIVE_INFINITY);
    this.#batch = new Batch({
      tokensPerSecond: options.tokensPerSecond ?? 400,
      batchTokensPerSecond: options.batchTokensPerSecond ?? 30_000,
      jitter: options.jitter ?? 0.1,
      seed: this.#seed,
    });
  }

  /** Requests that wait for a slot. */
  get waiting(): number {
    return this.#slots.waiting;
  }

  /** Requests that have a slot. */
  get running(): number {
    return this.#running;
  }

  /** Tokens that the requests with a slot take in the cache, those that they will generate included. */
  get held(): number {
    return this.#held;
  }

  /** Tokens generated. */
  get tokens(): number {
    return this.#batch.made;
  }

  /**
   * Takes the time of the work.
   *
   * @throws the signal's reason when it is aborted, waiting or running.
   */
  async finish(work: InferenceWork, signal: AbortSignal): Promise<void> {
    const release = await this.#admit(work, signal);
    try {
      await this.#read(work.prompt, signal);
      await this.#batch.finish(work.tokens, signal);
    } finally {
      release();
    }
  }

  /** Generates a text, which depends only on the prompt and the seed. */
  async text(prompt: string, work: InferenceWork, signal: AbortSignal): Promise<string> {
    await this.finish(work, signal);
    const text = this.#words(prompt);
    return Array.from({ length: work.tokens }, () => text.next().value).join("");
  }

  /** Generates the same text as a stream. */
  async *words(prompt: string, work: InferenceWork, signal: AbortSignal): AsyncGenerator<string, void> {
    const text = this.#words(prompt);
    const release = await this.#admit(work, signal);
    try {
      await this.#read(work.prompt, signal);
      for await (const _ of this.#batch.generate(work.tokens, signal)) yield text.next().value;
    } finally {
      release();
    }
  }

  /** A seed that depends on a prompt and on the model's seed. */
  seedFor(prompt: string): number {
    return seedFor(this.#seed, prompt);
  }

  /** Waits for a slot. @returns releases it; to be called once. */
  async #admit({ prompt, tokens }: InferenceWork, signal: AbortSignal): Promise<() => void> {
    const release = await this.#slots.acquire(signal);
    this.#running += 1;
    this.#held += prompt + tokens;
    return () => {
      this.#running -= 1;
      this.#held -= prompt + tokens;
      release();
    };
  }

  /** The time until the first token. */
  async #read(tokens: number, signal: AbortSignal): Promise<void> {
    const ms = this.#firstTokenMs + (1000 * tokens) / this.#prefillTokensPerSecond;
    if (ms > 0) await sleep(ms, undefined, { signal });
  }

  #words(prompt: string): Generator<string, never> {
    return words(random(this.seedFor(prompt)));
  }
}
