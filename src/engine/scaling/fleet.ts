import type { ScalingParameters } from "./scaling-parameters.js";

/** A worker as input of a plan. */
export interface FleetWorker {
  readonly id: number;
  /**
   * - `rising`: it will be ready: created, loading or starting.
   * - `active`: serves.
   * - `inactive`: serves nothing until it is activated.
   * - `failed`: errored, or silent for too long.
   */
  readonly condition: "rising" | "active" | "inactive" | "failed";
  /** Workload per second: by its benchmark, or assumed. */
  readonly capacity: number;
  /** Workload of its requests that have not ended. */
  readonly load: number;
  /** Dollars per hour. */
  readonly price: number;
  /** The condition that a rising worker is meant for. Meaningless for others. */
  readonly risesTo: "active" | "inactive";
}

/** An endpoint at one moment. */
export interface Fleet {
  readonly parameters: ScalingParameters;
  readonly workers: readonly FleetWorker[];
  /** Workload per second requested by clients: a rolling average. */
  readonly load: number;
  /** Workload of requests that wait at the engine. */
  readonly waiting: number;
  /** Seconds since the last request; undefined: there was none. */
  readonly idleSeconds: number | undefined;
  /** Capacity assumed of a worker that is yet to be created. */
  readonly expectedCapacity: number;
}

/** Changes to the workers of an endpoint. */
export interface Plan {
  /** Ids of inactive workers that shall serve. */
  readonly activate: readonly number[];
  /** Rising workers, and the other condition that they are meant for now. */
  readonly redirect: readonly { readonly id: number; readonly risesTo: "active" | "inactive" }[];
  /** Ids of active workers that shall become inactive. */
  readonly deactivate: readonly number[];
  /** Number of workers to create, by the condition that they are meant for. */
  readonly recruit: { readonly active: number; readonly inactive: number };
  /** Ids of workers to destroy. */
  readonly release: readonly number[];
  /** Failed workers to reboot or to replace, and the condition that they are meant for. */
  readonly replace: readonly { readonly id: number; readonly risesTo: "active" | "inactive" }[];
  /** The reason of the plan, for people. */
  readonly wanted: {
    readonly activeCapacity: number;
    readonly totalCapacity: number;
    readonly reason: string;
  };
}
