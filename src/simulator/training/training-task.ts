import { setTimeout as sleep } from "node:timers/promises";
import type { ModelLog } from "../model-log.js";

export type TaskStatus = "running" | "completed" | "cancelled";

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

/** Batches after which the log tells how far it is. */
const TOLD_EVERY = 10;

/** A model that is being trained, and tells of it in the log. */
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

  /** How far it is, for people. */
  get place(): string {
    const { epochs, batches } = this.#input;
    return `epoch ${this.#epoch}/${epochs}, batch ${this.#batch}/${batches}`;
  }

  /** As `/status` tells it. `loss` is that of the last batch, null before the first. */
  get report() {
    const { epochs, batches } = this.#input;
    const loss = this.#loss === null ? null : Number(this.#loss.toFixed(4));
    return { epoch: this.#epoch, epochs, batch: this.#batch, batches, loss };
  }

  /** Trains. Resolves when it is over, whichever way. */
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

  /** Ends it; one that is over stays as it is. */
  cancel(): void {
    if (this.#status !== "running") return;
    this.#status = "cancelled";
    this.#stop.abort();
    this.#input.log.line(`Task ${this.id} cancelled: ${this.place}`);
  }

  /** Ends it without a word, as the end of its server does. */
  drop(): void {
    this.#stop.abort();
  }

  async #trainEpoch(): Promise<void> {
    const { epochs, batches, batchesPerSecond, nextLoss, onBatch, log } = this.#input;
    const { signal } = this.#stop;
    const begun = performance.now();
    let sum = 0;
    for (this.#batch = 0; this.#batch < batches; ) {
      // Told from the start of the epoch, so that a late timer delays one batch and not all that follow.
      const dueMs = begun + ((this.#batch + 1) * 1000) / batchesPerSecond - performance.now();
      await sleep(Math.max(0, dueMs), undefined, { signal });
      this.#batch += 1;
      this.#loss = nextLoss();
      sum += this.#loss;
      onBatch();
      if (this.#batch % TOLD_EVERY === 0) {
        log.line(
          `Epoch ${this.#epoch}/${epochs}  batch ${this.#batch}/${batches}  loss ${this.#loss.toFixed(4)}`,
        );
      }
    }
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    log.line(`Epoch ${this.#epoch}/${epochs}  mean loss ${(sum / batches).toFixed(4)}  ${seconds} s`);
  }
}
