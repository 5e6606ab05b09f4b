import { fromPromise } from "xstate";
import { endpointMachine } from "../machines/endpoint.js";
import { engineWorkerMachine } from "../machines/worker.js";
import type { Memo, WorkerCall } from "../machines/worker-events.js";
import { workergroupMachine } from "../machines/workergroup.js";
import type { Workergroup } from "./workergroup.js";

export type { Memo } from "../machines/worker-events.js";

/** The worker that a call of a provider is about. */
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
   * Last result of `create` or `start`; undefined: the worker was never created. It outlives the engine.
   */
  readonly memo: Memo | undefined;
  /** To be called with the reason when the worker ended and was not stopped. */
  readonly onExited: (reason: string) => void;
}

/**
 * Makes, starts, stops and destroys workers. The signal is aborted when the engine no longer waits for a call. The message of a
 * rejection is shown to people.
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
  /** Creates and starts a worker. Resolves when it runs; its reports show when it is ready. */
  create(order: WorkerOrder, signal: AbortSignal): Promise<Memo>;
  /** Starts a worker that was stopped, or finds one that still runs after a restart of the engine. */
  start(order: WorkerOrder, signal: AbortSignal): Promise<Memo>;
  /** Drains and ends a worker, and keeps what makes its next start fast. Resolves when it has ended. */
  stop(order: WorkerOrder, signal: AbortSignal): Promise<void>;
  /** Ends a worker and removes all that belongs to it. A worker that does not exist any more is no error. */
  destroy(order: WorkerOrder, signal: AbortSignal): Promise<void>;
}

interface ProvidedInput {
  readonly provider: Provider | undefined;
  readonly orderOf: (call: WorkerCall) => WorkerOrder;
  /** Called once a second while the endpoint is active. */
  readonly manage: () => void;
}

/** The machine of an endpoint, with the calls of a provider. */
export function providedMachine({ provider, orderOf, manage }: ProvidedInput) {
  type Act<T> = (provider: Provider, order: WorkerOrder, signal: AbortSignal) => Promise<T>;
  const act = <T>(call: Act<T>) =>
    fromPromise<T, WorkerCall>(async ({ input, signal }) => {
      if (provider === undefined) throw new Error("there is no provider: workers announce themselves");
      return call(provider, orderOf(input), signal);
    });
  const worker = engineWorkerMachine.provide({
    actors: {
      create: act<Memo>((by, order, signal) => by.create(order, signal)),
      start: act<Memo>((by, order, signal) => by.start(order, signal)),
      stop: act<void>((by, order, signal) => by.stop(order, signal)),
      destroy: act<void>((by, order, signal) => by.destroy(order, signal)),
    },
  });
  return endpointMachine.provide({
    actors: {
      workergroup: workergroupMachine.provide({ actors: { worker } }),
      manage: fromPromise(async () => {
        // After the transition, so that the commands of a plan are handled when they are sent.
        await Promise.resolve();
        manage();
      }),
    },
  });
}
