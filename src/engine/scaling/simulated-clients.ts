import type { WaitHistogram } from "./wait-histogram.js";
import type { WorkerQueues } from "./worker-queues.js";

/** The clients of the simulation, and what waits at the engine: first come, first served. Sums in workload. */
export interface SimulatedClients {
  readonly queues: WorkerQueues;
  /** Of all that was begun. */
  readonly waits: WaitHistogram;
  readonly asked: number;
  readonly begun: number;
  /** Its clients went away. */
  readonly gaveUp: number;
  /** It waits at the engine. */
  readonly waiting: number;
  /** Asks for `work` between `from` and `to`, and sends on what workers may take by then. */
  ask(work: number, from: number, to: number): void;
  /** Asks again for what a worker had when it failed. */
  askAgain(work: number, now: number): void;
  /** Waits of what was begun since this was asked for the last time. */
  takeRecent(): WaitHistogram;
}
