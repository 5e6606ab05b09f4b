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
  /** Tokens that somebody waits for. */
  wanted: number;
  /** Called when they are made. */
  wake: () => void;
  /** Takes it out of the batch, whether it is over or not. */
  readonly leave: () => void;
}

/**
 * Sequences that are generated side by side: a step makes one token of each, and whoever comes joins at the next step,
 * which is called continuous batching. A step takes as long as a token does alone, until there are so many sequences
 * that the whole batch is at its limit; from there on it takes longer the more there are.
 */
export class Batch {
  readonly #input: BatchInput;
  readonly #numbers: () => number;
  readonly #running = new Set<Sequence>();
  #timer: NodeJS.Timeout | undefined;
  /** When the next step is over, on the clock of `performance.now()`. */
  #dueMs = 0;
  #made = 0;

  constructor(input: BatchInput) {
    this.#input = input;
    this.#numbers = random(input.seed);
  }

  /** Tokens made so far. */
  get made(): number {
    return this.#made;
  }

  /** Milliseconds of a step of that many sequences, before it varies. */
  stepMs(sequences: number): number {
    const { tokensPerSecond, batchTokensPerSecond } = this.#input;
    return 1000 * Math.max(1 / tokensPerSecond, sequences / batchTokensPerSecond);
  }

  /**
   * Makes `count` tokens and yields once for each. They are made at the batch's pace, however slowly they are taken.
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

  /** The same, for who wants all of them at once. */
  async finish(count: number, signal: AbortSignal): Promise<void> {
    const sequence = this.#join(count, signal);
    try {
      if (count > 0) await this.#more(sequence, count, signal);
    } finally {
      sequence.leave();
    }
  }

  /** Waits until so many tokens of a sequence are made. */
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

  /** Steps are as short as a fraction of a millisecond, and timers late: all that are due by now are over. */
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
