import type { FleetWorker } from "../fleet.js";
import type { SimulatedClients } from "./simulated-clients.js";
import type { SimulatedWorker } from "./simulated-worker.js";

/** The endpoint at one moment. Loads and capacities in workload per second. */
export interface SimulationSample {
  /** Seconds from the beginning. */
  readonly at: number;
  readonly load: number;
  /** Of active workers. */
  readonly capacity: number;
  readonly wantedCapacity: number;
  readonly active: number;
  readonly inactive: number;
  readonly rising: number;
  readonly failed: number;
  /** Workload that waits at the engine. */
  readonly waiting: number;
  /** Waits of the workload begun since the last sample, in seconds. */
  readonly waitP50: number;
  readonly waitP99: number;
  /** Dollars since the beginning. */
  readonly cost: number;
}

/** Summary of a simulation. Work in workload, waits in seconds, costs in dollars. */
export interface SimulationSummary {
  readonly seconds: number;
  readonly seed: number;
  readonly work: {
    readonly asked: number;
    readonly begun: number;
    /** Its clients gave up. */
    readonly gaveUp: number;
    /** It waited at the engine when the simulation ended. */
    readonly waiting: number;
    /** Its worker failed, and it was requested again. */
    readonly retried: number;
  };
  readonly wait: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly longest: number;
  };
  readonly workers: {
    readonly meanActive: number;
    readonly mostActive: number;
    readonly meanInactive: number;
    readonly most: number;
    readonly created: number;
    readonly destroyed: number;
    readonly activated: number;
    readonly rested: number;
    readonly failed: number;
  };
  /** Share of the active capacity that was used. */
  readonly utilisation: number;
  readonly cost: { readonly total: number; readonly perMillionWorkload: number };
}

export interface SimulationResult {
  readonly samples: readonly SimulationSample[];
  readonly summary: SimulationSummary;
}

const SECONDS_PER_HOUR = 3600;

/** Counts and sums of a simulation. */
export class SimulationTally {
  readonly counts = { created: 0, destroyed: 0, activated: 0, rested: 0, failed: 0 };
  /** Workload that failed workers lost. */
  retried = 0;
  readonly #conditions: Record<FleetWorker["condition"], number> = {
    rising: 0,
    active: 0,
    inactive: 0,
    failed: 0,
  };
  #capacity = 0;
  /** Dollars per hour. */
  #rate = 0;
  #cost = 0;
  /** Workload that active workers could have done. */
  #possible = 0;
  #activeSeconds = 0;
  #inactiveSeconds = 0;
  #mostActive = 0;
  #most = 0;

  /** Number of workers in each condition. */
  get conditions(): Readonly<Record<FleetWorker["condition"], number>> {
    return this.#conditions;
  }

  /** Workload per second of all that are active. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Dollars. */
  get cost(): number {
    return this.#cost;
  }

  enter(worker: SimulatedWorker): void {
    this.#count(worker, 1);
    const { rising, active, inactive, failed } = this.#conditions;
    this.#mostActive = Math.max(this.#mostActive, active);
    this.#most = Math.max(this.#most, rising + active + inactive + failed);
  }

  /** To be called before the worker's condition changes, as `enter` after it. */
  leave(worker: SimulatedWorker): void {
    this.#count(worker, -1);
  }

  pass(seconds: number): void {
    this.#cost += (this.#rate * seconds) / SECONDS_PER_HOUR;
    this.#possible += this.#capacity * seconds;
    this.#activeSeconds += this.#conditions.active * seconds;
    this.#inactiveSeconds += this.#conditions.inactive * seconds;
  }

  summary(seconds: number, seed: number, clients: SimulatedClients): SimulationSummary {
    const { asked, begun, gaveUp, waiting, waits } = clients;
    return {
      seconds,
      seed,
      work: { asked, begun, gaveUp, waiting, retried: this.retried },
      wait: {
        p50: waits.quantile(0.5),
        p90: waits.quantile(0.9),
        p99: waits.quantile(0.99),
        longest: waits.longest,
      },
      workers: {
        meanActive: this.#activeSeconds / seconds,
        mostActive: this.#mostActive,
        meanInactive: this.#inactiveSeconds / seconds,
        most: this.#most,
        ...this.counts,
      },
      utilisation: this.#possible === 0 ? 0 : begun / this.#possible,
      cost: { total: this.#cost, perMillionWorkload: begun === 0 ? 0 : (this.#cost / begun) * 1e6 },
    };
  }

  #count(worker: SimulatedWorker, sign: 1 | -1): void {
    this.#conditions[worker.condition] += sign;
    this.#rate += sign * worker.rate;
    if (worker.condition === "active") this.#capacity += sign * worker.capacity;
    // Removes the rounding errors of many additions and subtractions.
    if (this.#conditions.active === 0) this.#capacity = 0;
  }
}
