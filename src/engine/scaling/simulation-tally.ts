import type { FleetWorker } from "./fleet.js";
import type { SimulatedClients } from "./simulated-clients.js";
import type { SimulatedWorker } from "./simulated-worker.js";
import type { SimulationSummary } from "./simulation-result.js";

const SECONDS_PER_HOUR = 3600;

/** Counts and adds up what a simulation comes to. */
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
  /** Workload that could have been done. */
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
    // Sums of many differences keep a rest that is none.
    if (this.#conditions.active === 0) this.#capacity = 0;
  }
}
