import type { FleetWorker } from "../fleet.js";
import type { Place, WorkerQueues } from "./simulated-clients.js";

/** Constant properties of a worker. */
export interface WorkerTraits {
  readonly id: number;
  /** Workload per second. The rules of scaling see it after the benchmark only. */
  readonly capacity: number;
  /** Dollars per hour. */
  readonly price: number;
  readonly inactivePrice: number;
}

/** A worker of the simulation, as the rules of scaling see it. */
export class SimulatedWorker implements FleetWorker {
  readonly id: number;
  readonly price: number;
  condition: FleetWorker["condition"] = "rising";
  risesTo: FleetWorker["risesTo"];
  /** Number of changes of condition: events for an earlier condition are void. */
  turn = 0;
  readonly #traits: WorkerTraits;
  readonly #queues: WorkerQueues;
  readonly #clock: { readonly now: number };
  #capacity: number;
  #place: Place | undefined;
  #freeAt = 0;

  /** @param expectedCapacity - counts until it was first active or inactive. */
  constructor(
    traits: WorkerTraits,
    given: {
      readonly risesTo: FleetWorker["risesTo"];
      readonly expectedCapacity: number;
      readonly queues: WorkerQueues;
      readonly clock: { readonly now: number };
    },
  ) {
    this.id = traits.id;
    this.price = traits.price;
    this.#traits = traits;
    this.risesTo = given.risesTo;
    this.#capacity = given.expectedCapacity;
    this.#queues = given.queues;
    this.#clock = given.clock;
  }

  get capacity(): number {
    return this.#capacity;
  }

  get load(): number {
    const freeAt = this.#place?.freeAt ?? this.#freeAt;
    return Math.max(0, freeAt - this.#clock.now) * this.#traits.capacity;
  }

  /** Current dollars per hour. */
  get rate(): number {
    return this.condition === "inactive" ? this.#traits.inactivePrice : this.price;
  }

  rise(to: FleetWorker["risesTo"]): void {
    this.#leave();
    this.turn += 1;
    this.condition = "rising";
    this.risesTo = to;
  }

  /** It has risen, and is active or inactive now. */
  arrive(): void {
    this.turn += 1;
    this.#capacity = this.#traits.capacity;
    this.condition = this.risesTo;
    if (this.condition !== "active") return;
    this.#place = this.#queues.join(this.#capacity, Math.max(this.#freeAt, this.#clock.now));
  }

  /** Gets no more work, and finishes what it has. */
  deactivate(): void {
    this.#leave();
    this.turn += 1;
    this.condition = "inactive";
  }

  /** @returns the workload that it loses. */
  fail(): number {
    const lost = this.load;
    this.#leave();
    this.#freeAt = 0;
    this.turn += 1;
    this.condition = "failed";
    return lost;
  }

  #leave(): void {
    if (this.#place === undefined) return;
    this.#freeAt = this.#place.leave();
    this.#place = undefined;
  }
}
