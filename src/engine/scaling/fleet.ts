import type { ScalingParameters } from "./scaling-parameters.js";

/** What a worker is to the rules of scaling. */
export interface FleetWorker {
  readonly id: number;
  /**
   * - `rising`: asked for, and not able to serve yet: created, loading or starting.
   * - `active`: serves.
   * - `inactive`: has its model at hand and serves nothing until it is activated.
   * - `failed`: errored, or silent for too long.
   */
  readonly condition: "rising" | "active" | "inactive" | "failed";
  /** Workload per second: measured by its benchmark, or what such a worker is expected to have. */
  readonly capacity: number;
  /** Workload of its requests that have not ended. */
  readonly load: number;
  /** Dollars per hour. */
  readonly price: number;
  /** Whether a worker that rises is on its way to serve, or to be held inactive. Of others it says nothing. */
  readonly risesTo: "active" | "inactive";
}

/** An endpoint at one moment. */
export interface Fleet {
  readonly parameters: ScalingParameters;
  readonly workers: readonly FleetWorker[];
  /** Workload per second that clients ask for: a rolling average. */
  readonly load: number;
  /** Workload of requests that wait at the engine, because no worker may take them. */
  readonly waiting: number;
  /** Seconds since the last request; undefined: there was none. */
  readonly idleSeconds: number | undefined;
  /** Capacity that a worker yet to be created is expected to have. */
  readonly expectedCapacity: number;
}

/** What is to be done. */
export interface Plan {
  /** Ids of inactive workers that are to serve. */
  readonly activate: readonly number[];
  /** Workers that rise, and are to rise to something else than they were meant for. */
  readonly redirect: readonly { readonly id: number; readonly risesTo: "active" | "inactive" }[];
  /** Ids of active workers that are to serve nothing new, and to be held. */
  readonly deactivate: readonly number[];
  /** Number of workers to create, and what they are created for. */
  readonly recruit: { readonly active: number; readonly inactive: number };
  /** Ids of workers to destroy. */
  readonly release: readonly number[];
  /** Failed workers to reboot, or to destroy and create anew, and what they rise to then. */
  readonly replace: readonly { readonly id: number; readonly risesTo: "active" | "inactive" }[];
  /** What the numbers come from, for people to see. */
  readonly wanted: {
    readonly activeCapacity: number;
    readonly totalCapacity: number;
    readonly reason: string;
  };
}
