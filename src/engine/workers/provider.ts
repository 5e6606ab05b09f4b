import type { Memo } from "../machines/worker.js";
import type { Workergroup } from "./workergroup.js";

export type { Memo } from "../machines/worker.js";

/** What a provider needs to know of a worker. */
export interface WorkerOrder {
  /** The worker's id: its reports carry it. */
  readonly id: number;
  /** Name of the endpoint. */
  readonly endpoint: string;
  /** How such workers are made. */
  readonly group: Workergroup;
  /** Base URL of the engine, for reports. */
  readonly engineUrl: string;
  /** The `mtoken` that its reports must carry. */
  readonly token: string;
  /**
   * What `create` or `start` answered last; undefined: the worker was never created. It outlives the engine.
   */
  readonly memo: Memo | undefined;
  /** To be called when the worker ended by itself, with the reason. */
  readonly onExited: (reason: string) => void;
}

/**
 * Makes workers and takes them away. What the engine no longer waits for it aborts by the signal; a
 * rejection's message is what people read, so that it says what to do.
 *
 * @example
 * ```ts
 * import type { Provider } from "tsworker/engine";
 *
 * const provider: Provider = {
 *   create: async ({ id, engineUrl }, signal) => {
 *     const response = await fetch(`http://cloud.example/${id}`, { method: "PUT", body: engineUrl, signal });
 *     return { machine: await response.text() };
 *   },
 *   start: async ({ memo }) => memo ?? {},
 *   stop: async () => {},
 *   destroy: async ({ id }, signal) => {
 *     await fetch(`http://cloud.example/${id}`, { method: "DELETE", signal });
 *   },
 * };
 * ```
 */
export interface Provider {
  /** Dollars per hour of a worker. @default 1 */
  readonly price?: number;
  /** Creates and starts a worker. Resolves when it runs; that it is ready it says by its reports. */
  create(order: WorkerOrder, signal: AbortSignal): Promise<Memo>;
  /** Starts a worker that was stopped, or finds one that runs still after a restart of the engine. */
  start(order: WorkerOrder, signal: AbortSignal): Promise<Memo>;
  /** Has a worker end its requests, and holds what makes its next start fast. Resolves when it has ended. */
  stop(order: WorkerOrder, signal: AbortSignal): Promise<void>;
  /** Takes a worker away with all that belongs to it. One that is not there any more is no error. */
  destroy(order: WorkerOrder, signal: AbortSignal): Promise<void>;
}
