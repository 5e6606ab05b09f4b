import type { FleetWorker } from "./fleet.js";
import type { Place, WorkerQueues } from "./worker-queues.js";

/** What a worker has from its creation on. */
export interface WorkerTraits {
  readonly id: number;
  /** Workload per second, which nobody knows before its benchmark. */
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
  /** Counts what happened to it: an event that was meant for an earlier condition finds another number. */
  turn = 0;
  readonly #traits: WorkerTraits;
  readonly #queues: WorkerQueues;
  readonly #clock: { readonly now: number };
  #capacity: number;
  #place: Place | undefined;
  #freeAt = 0;

  /** @param expectedCapacity - what counts until it was active or inactive for the first time. */
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

  /** Dollars per hour as it is now. What it finishes after it was sent to rest is paid as work. */
  get rate(): number {
    return this.condition === "inactive" ? this.#traits.inactivePrice : this.price;
  }

  rise(to: FleetWorker["risesTo"]): void {
    this.#leave();
    this.turn += 1;
    this.condition = "rising";
    this.risesTo = to;
  }

  /** It has risen: it serves, or it is held. */
  arrive(): void {
    this.turn += 1;
    this.#capacity = this.#traits.capacity;
    this.condition = this.risesTo;
    if (this.condition !== "active") return;
    this.#place = this.#queues.join(this.#capacity, Math.max(this.#freeAt, this.#clock.now));
  }

  /** Takes nothing new; what it has, it finishes. */
  rest(): void {
    this.#leave();
    this.turn += 1;
    this.condition = "inactive";
  }

  /** Gives the workload that it had, and loses. */
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
