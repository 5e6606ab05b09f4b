import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "../../src/engine/index.js";
import type { EndedStatus } from "../../src/shared/wire.js";
import { DEFAULT_WORKLOAD } from "../../src/worker/config/workload.js";
import { type Answered, type Asked, ask, type Work } from "./client.js";
import { WORK } from "./cluster.js";
import { eventually } from "./eventually.js";
import type { LoggingModel } from "./logging-model.js";
import type { WorkerProcess } from "./worker-process.js";

/** The handlers that {@link Traffic} needs. */
export const TRAFFIC_HANDLERS = [
  { ...WORK, maxQueueTime: null },
  { route: "/at-once", allowParallelRequests: true, maxQueueTime: null, workloadCalculator: "cost" },
  { route: "/no-wait", maxQueueTime: 0, workloadCalculator: "cost" },
] as const;

/** With it the wait in seconds is the workload ahead. */
export const TRAFFIC_CAPACITY = 1;

const ENDS: Readonly<Record<number, EndedStatus>> = {
  200: "Success",
  429: "Rejected",
  502: "Error",
};

/**
 * Clients of all kinds, with a ledger of their own: the reports of a worker must add up to what its
 * clients saw.
 */
export class Traffic {
  /** How each request ended for its client, by `request_idx`. */
  readonly ends = new Map<number, EndedStatus>();
  readonly #engine: Engine;
  readonly #worker: WorkerProcess;
  readonly #model: LoggingModel;
  #served = 0;
  #failed = 0;
  #rejected = 0;
  #round = 0;

  constructor(engine: Engine, worker: WorkerProcess, model: LoggingModel) {
    this.#engine = engine;
    this.#worker = worker;
    this.#model = model;
  }

  /** What the sums over all reports are to be. */
  get totals() {
    const count = (status: EndedStatus): number =>
      [...this.ends.values()].filter((each) => each === status).length;
    return {
      newLoad: this.#served + this.#failed,
      servedLoad: this.#served,
      rejectedLoad: this.#rejected,
      requestsReceived: this.ends.size,
      ended: {
        Success: count("Success"),
        Error: count("Error"),
        Cancelled: count("Cancelled"),
        Rejected: count("Rejected"),
      },
    };
  }

  /** Rounds, one after the other with a short pause between, for a time. */
  async flow(seconds: number): Promise<void> {
    const end = performance.now() + seconds * 1000;
    do {
      await this.round();
      await sleep(50);
    } while (performance.now() < end);
  }

  /**
   * A running request that is cancelled, a waiting one that is cancelled, ones that succeed, fail, and are rejected for
   * their signature and for the queue; one that succeeds is the last.
   */
  async round(): Promise<void> {
    // Fractions that add up without rounding, and differ from round to round.
    const fraction = (this.#round++ % 8) / 8;
    const running = this.#ask({ cost: 16, fate: "hold" });
    await this.#waitIs(16);
    const waiting = this.#ask({ cost: 8 });
    await this.#waitIs(24);
    await Promise.all([
      this.#finish({ cost: 1 + fraction }),
      this.#finish({ cost: 2 + fraction }),
      this.#finish({ cost: 4 + fraction, fate: "break" }),
      this.#finish({ cost: 32 + fraction }, { authData: { signature: "c2lnbmF0dXJl" } }),
    ]);
    for (const cancelled of [waiting, running]) {
      cancelled.leave();
      this.ends.set(cancelled.authData.request_idx, "Cancelled");
    }
    await eventually(() => this.#model.held === 0);
    // Where a report had the cancelled ones while they were open, they are subtracted from the next workload.
    await this.#finish({ cost: 32 });
  }

  /** Sends requests, which are rejected, until the worker reports this as the workload ahead: all before has been admitted. */
  async #waitIs(workload: number): Promise<void> {
    await eventually(async () => {
      const { status, body } = await this.#finish({ cost: 0.5 }, { route: "/no-wait" });
      return status === 429 && JSON.stringify(body).includes(`the queue takes ${workload}.0 s`);
    });
  }

  async #finish(work: Work, how: Parameters<typeof ask>[3] = { route: "/at-once" }): Promise<Answered> {
    const asked = this.#ask(work, how);
    const answered = await asked.answer;
    // No claim of an unverified client is reported.
    if (answered.status === 401) {
      this.#rejected += DEFAULT_WORKLOAD;
      return answered;
    }
    const end = ENDS[answered.status];
    if (end === undefined) throw new Error(`an answer with the status ${answered.status} was not expected`);
    this.ends.set(asked.authData.request_idx, end);
    if (end === "Success") this.#served += work.cost;
    else if (end === "Error") this.#failed += work.cost;
    else this.#rejected += work.cost;
    return answered;
  }

  #ask(work: Work, how?: Parameters<typeof ask>[3]): Asked {
    return ask(this.#engine, this.#worker, work, how);
  }
}
