import { setTimeout as sleep } from "node:timers/promises";
import { random } from "../../shared/random.js";
import type { ModelLog } from "../model-log.js";

type TaskStatus = "running" | "completed" | "cancelled";

interface TrainingTaskInput {
  readonly id: string;
  /** Undefined: it belongs to no session. */
  readonly sessionId: string | undefined;
  readonly epochs: number;
  /** Batches of each epoch. */
  readonly batches: number;
  readonly batchesPerSecond: number;
  /** Gives the loss of the next batch. */
  readonly nextLoss: () => number;
  readonly onBatch: () => void;
  readonly log: ModelLog;
}

/** Batches between two progress lines in the log. */
const LOGGED_EVERY = 10;

/** A training run, whose progress goes to the log. */
export class TrainingTask {
  readonly id: string;
  readonly sessionId: string | undefined;
  readonly #input: TrainingTaskInput;
  readonly #stop = new AbortController();
  #status: TaskStatus = "running";
  /** Counted from 1, as people do. */
  #epoch = 1;
  /** Batches of the epoch that are done. */
  #batch = 0;
  #loss: number | null = null;

  constructor(input: TrainingTaskInput) {
    this.id = input.id;
    this.sessionId = input.sessionId;
    this.#input = input;
  }

  get status(): TaskStatus {
    return this.#status;
  }

  /** Progress, for error messages and the log. */
  get progress(): string {
    const { epochs, batches } = this.#input;
    return `epoch ${this.#epoch}/${epochs}, batch ${this.#batch}/${batches}`;
  }

  /** As `/status` reports it. `loss` is that of the last batch, null before the first. */
  get report() {
    const { epochs, batches } = this.#input;
    const loss = this.#loss === null ? null : Number(this.#loss.toFixed(4));
    return { epoch: this.#epoch, epochs, batch: this.#batch, batches, loss };
  }

  /** Trains. Resolves when it is completed, cancelled or dropped. */
  async run(): Promise<void> {
    const { id, epochs, batches, log, sessionId } = this.#input;
    const session = sessionId === undefined ? "" : `, session ${sessionId}`;
    log.line(`Task ${id} started: ${epochs} epochs of ${batches} batches${session}`);
    try {
      for (this.#epoch = 1; ; this.#epoch += 1) {
        await this.#trainEpoch();
        if (this.#epoch === epochs) break;
      }
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      throw error;
    }
    this.#status = "completed";
    log.line(`Task ${id} completed: loss ${this.#loss?.toFixed(4)}`);
  }

  /** Cancels it, unless it has ended. */
  cancel(): void {
    if (this.#status !== "running") return;
    this.#status = "cancelled";
    this.#stop.abort();
    this.#input.log.line(`Task ${this.id} cancelled: ${this.progress}`);
  }

  /** Stops it without a log line: its server has ended. */
  drop(): void {
    this.#stop.abort();
  }

  async #trainEpoch(): Promise<void> {
    const { epochs, batches, batchesPerSecond, nextLoss, onBatch, log } = this.#input;
    const { signal } = this.#stop;
    const begun = performance.now();
    let sum = 0;
    for (this.#batch = 0; this.#batch < batches; ) {
      // Due times count from the start of the epoch, so that a late timer delays one batch and not all that follow.
      const dueMs = begun + ((this.#batch + 1) * 1000) / batchesPerSecond - performance.now();
      await sleep(Math.max(0, dueMs), undefined, { signal });
      this.#batch += 1;
      this.#loss = nextLoss();
      sum += this.#loss;
      onBatch();
      if (this.#batch % LOGGED_EVERY === 0) {
        log.line(
          `Epoch ${this.#epoch}/${epochs}  batch ${this.#batch}/${batches}  loss ${this.#loss.toFixed(4)}`,
        );
      }
    }
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    log.line(`Epoch ${this.#epoch}/${epochs}  mean loss ${(sum / batches).toFixed(4)}  ${seconds} s`);
  }
}

/** Loss of a guess among ten classes, and the lower limit. */
const FIRST = Math.log(10);
const LAST = 0.25;

/** Batches in which the distance to the last loss shrinks to a third. */
const DECAY = 60;

/** How far a loss may lie from the curve, as a share of it. */
const NOISE = 0.08;

/**
 * Losses as in training: they fall, fast at first, with noise.
 *
 * @returns a function that returns the loss of the next batch.
 */
export function lossCurve(seed: number): () => number {
  const next = random(seed);
  let batch = 0;
  return () => {
    const level = LAST + (FIRST - LAST) * Math.exp(-batch / DECAY);
    batch += 1;
    return level * (1 + NOISE * (2 * next() - 1));
  };
}
