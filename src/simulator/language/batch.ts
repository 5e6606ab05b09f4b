import { random } from "../../shared/random.js";

interface BatchInput {
  /** Tokens per second of a sequence that has the batch for itself. */
  readonly tokensPerSecond: number;
  /** Tokens per second of all sequences together, at most. */
  readonly batchTokensPerSecond: number;
  /** Share of a step's time by which it varies, 0 to 1. */
  readonly jitter: number;
  readonly seed: number;
}

interface Sequence {
  readonly count: number;
  made: number;
  /** Number of tokens that its reader waits for. */
  wanted: number;
  /** Called when they are generated. */
  wake: () => void;
  /** Removes it from the batch. */
  readonly leave: () => void;
}

/**
 * Continuous batching: a step generates one token of each sequence, and new sequences join at the next step. A step takes
 * as long as a single token, until the batch reaches its limit; beyond that its duration grows with the number of sequences.
 */
export class Batch {
  readonly #input: BatchInput;
  readonly #numbers: () => number;
  readonly #running = new Set<Sequence>();
  #timer: NodeJS.Timeout | undefined;
  /** End of the next step, on the clock of `performance.now()`. */
  #dueMs = 0;
  #made = 0;

  constructor(input: BatchInput) {
    this.#input = input;
    this.#numbers = random(input.seed);
  }

  /** Tokens generated so far. */
  get made(): number {
    return this.#made;
  }

  /** Milliseconds of a step of that many sequences, without jitter. */
  stepMs(sequences: number): number {
    const { tokensPerSecond, batchTokensPerSecond } = this.#input;
    return 1000 * Math.max(1 / tokensPerSecond, sequences / batchTokensPerSecond);
  }

  /**
   * Generates `count` tokens and yields once for each. A slow consumer does not slow down the batch.
   *
   * @throws the signal's reason when it is aborted.
   */
  async *generate(count: number, signal: AbortSignal): AsyncGenerator<void, void> {
    const sequence = this.#join(count, signal);
    try {
      for (let taken = 0; taken < count; taken += 1) {
        if (taken === sequence.made) await this.#more(sequence, taken + 1, signal);
        signal.throwIfAborted();
        yield;
      }
    } finally {
      sequence.leave();
    }
  }

  /** Resolves when `count` tokens are generated. */
  async finish(count: number, signal: AbortSignal): Promise<void> {
    const sequence = this.#join(count, signal);
    try {
      if (count > 0) await this.#more(sequence, count, signal);
    } finally {
      sequence.leave();
    }
  }

  /** Waits until a sequence has so many tokens. */
  async #more(sequence: Sequence, wanted: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      sequence.wanted = wanted;
      sequence.wake = resolve;
    });
    signal.throwIfAborted();
  }

  #join(count: number, signal: AbortSignal): Sequence {
    signal.throwIfAborted();
    const onAbort = () => sequence.wake();
    const leave = () => {
      signal.removeEventListener("abort", onAbort);
      this.#running.delete(sequence);
      if (this.#running.size > 0) return;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
    const sequence: Sequence = { count, made: 0, wanted: 1, wake: () => {}, leave };
    signal.addEventListener("abort", onAbort);
    if (count > 0) this.#add(sequence);
    return sequence;
  }

  #add(sequence: Sequence): void {
    this.#running.add(sequence);
    if (this.#timer !== undefined) return;
    this.#dueMs = performance.now();
    this.#beginStep();
    this.#wait();
  }

  #beginStep(): void {
    const varied = 1 + this.#input.jitter * (2 * this.#numbers() - 1);
    this.#dueMs += this.stepMs(this.#running.size) * varied;
  }

  #wait(): void {
    this.#timer = setTimeout(() => this.#onTimer(), Math.max(0, this.#dueMs - performance.now()));
  }

  /** Steps may be shorter than a timer's resolution: all steps that are due have ended. */
  #onTimer(): void {
    this.#timer = undefined;
    const now = performance.now();
    while (this.#dueMs <= now && this.#running.size > 0) {
      this.#endStep();
      this.#beginStep();
    }
    if (this.#running.size > 0) this.#wait();
  }

  #endStep(): void {
    for (const sequence of this.#running) {
      sequence.made += 1;
      this.#made += 1;
      if (sequence.made === sequence.count) this.#running.delete(sequence);
      if (sequence.made >= sequence.wanted) sequence.wake();
    }
  }
}
