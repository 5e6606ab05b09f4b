import type { Fleet, FleetWorker, Plan } from "./fleet.js";
import { type WantedCapacity, wantedCapacity } from "./wanted-capacity.js";

type Aim = "active" | "inactive";

/** Relative rounding error of a capacity. */
const ROUNDING = 1e-9;

/**
 * A plan in the making. Each step depends on the steps before it; {@link plan} has their order.
 *
 * A rising worker counts as what it rises to, so that the next plan does not ask for it again.
 */
export class PlanDraft {
  readonly #fleet: Fleet;
  readonly #wanted: WantedCapacity;
  #active: FleetWorker[] = [];
  #inactive: FleetWorker[] = [];
  #rising: FleetWorker[] = [];
  #failed: FleetWorker[] = [];
  readonly #activate: number[] = [];
  readonly #redirected = new Map<FleetWorker, Aim>();
  readonly #deactivated: FleetWorker[] = [];
  readonly #release: number[] = [];
  readonly #replace: { readonly id: number; readonly risesTo: Aim }[] = [];
  readonly #recruit = { active: 0, inactive: 0 };
  /** Capacity that serves. */
  #serving = 0;
  #servingCount = 0;
  /** Capacity that serves now or will serve. */
  #supply = 0;
  #supplyCount = 0;
  /** Capacity of all workers that have not failed or are replaced. */
  #total = 0;
  #totalCount = 0;

  constructor(fleet: Fleet, wanted: WantedCapacity) {
    this.#fleet = fleet;
    this.#wanted = wanted;
    for (const worker of fleet.workers) {
      if (worker.condition === "failed") {
        this.#failed.push(worker);
        continue;
      }
      this.#countTotal(worker, 1);
      if (worker.condition === "inactive") {
        this.#inactive.push(worker);
        continue;
      }
      if (worker.condition === "active") {
        this.#active.push(worker);
        this.#countServing(worker, 1);
      } else {
        this.#rising.push(worker);
      }
      if (worker.condition === "active" || worker.risesTo === "active") this.#countSupply(worker, 1);
    }
  }

  /** Releases workers beyond `max_workers`: failed ones first, active ones last. */
  enforceCap(): void {
    const { max_workers } = this.#fleet.parameters;
    let excess = this.#fleet.workers.length - max_workers;
    if (excess <= 0) return;
    const held = [...this.#inactive, ...this.#rising].sort(this.#worstFirst);
    const candidates = [
      ...this.#failed.sort(this.#worstFirst),
      ...held,
      ...this.#active.sort(this.#worstFirst),
    ];
    const gone = new Set<FleetWorker>();
    for (const worker of candidates) {
      if (excess <= 0) break;
      excess -= 1;
      gone.add(worker);
      this.#releaseNow(worker);
    }
    const stays = (worker: FleetWorker): boolean => !gone.has(worker);
    this.#failed = this.#failed.filter(stays);
    this.#inactive = this.#inactive.filter(stays);
    this.#rising = this.#rising.filter(stays);
    this.#active = this.#active.filter(stays);
  }

  /**
   * The best price for its performance first. Workers that a later, larger one makes unnecessary are left out again.
   */
  activate(): void {
    if (!this.#lacksActive(this.#wanted.active) || this.#inactive.length === 0) return;
    const taken: FleetWorker[] = [];
    for (const worker of this.#inactive.sort(this.#bestFirst)) {
      if (!this.#lacksActive(this.#wanted.active)) break;
      taken.push(worker);
      this.#countSupply(worker, 1);
    }
    const kept = new Set(taken);
    for (const worker of taken.toReversed()) {
      if (!this.#canSpare(this.#capacityOf(worker), this.#wanted.active)) continue;
      kept.delete(worker);
      this.#countSupply(worker, -1);
    }
    this.#activate.push(...[...kept].map(({ id }) => id));
    this.#inactive = this.#inactive.filter((worker) => !kept.has(worker));
  }

  /** A worker that was created before serves sooner than a new one. The oldest first. */
  redirectToServe(): void {
    for (const worker of this.#rising.sort((one, other) => one.id - other.id)) {
      if (!this.#lacksActive(this.#wanted.active)) break;
      if (worker.risesTo === "active") continue;
      this.#redirected.set(worker, "active");
      this.#countSupply(worker, 1);
    }
  }

  recruitActive(): void {
    if (!this.#lacksActive(this.#wanted.recruited)) return;
    let taken = 0;
    for (const worker of this.#failed.sort(this.#bestFirst)) {
      if (!this.#lacksActive(this.#wanted.recruited)) break;
      taken += 1;
      this.#replaceWith(worker, "active");
    }
    this.#failed = this.#failed.slice(taken);
    const lack = this.#wanted.recruited - this.#supply;
    const least = this.#supplyCount < this.#wanted.leastActive ? 1 : 0;
    this.#recruitFor("active", Math.max(least, this.#workersFor(lack)));
  }

  /** The worst price for its performance first. Rising workers do not replace active ones. */
  deactivate(): void {
    const { keptActive, leastActive } = this.#wanted;
    const smallest = this.#active.reduce((least, { capacity }) => Math.min(least, capacity), Infinity);
    if (this.#serving - smallest < keptActive) return;
    for (const worker of this.#active.sort(this.#worstFirst)) {
      if (this.#servingCount <= leastActive) break;
      if (this.#serving - worker.capacity < keptActive) continue;
      this.#deactivated.push(worker);
      this.#countServing(worker, -1);
      this.#countSupply(worker, -1);
    }
  }

  /** Rising workers that are not needed will be inactive. The worst price for its performance first. */
  redirectToRest(): void {
    if (this.#supply < this.#wanted.keptActive) return;
    for (const worker of this.#rising.sort(this.#worstFirst)) {
      const isNeeded = !this.#canSpare(this.#capacityOf(worker), this.#wanted.keptActive);
      if (worker.risesTo === "inactive" || isNeeded) continue;
      this.#redirected.set(worker, "inactive");
      this.#countSupply(worker, -1);
    }
  }

  /** A failed worker is released if the capacity is more than enough without it. */
  replaceOrReleaseFailed(): void {
    for (const worker of this.#failed.sort(this.#bestFirst)) {
      if (this.#total < this.#wanted.keptTotal || this.#totalCount < this.#fleet.parameters.cold_workers) {
        this.#replaceWith(worker, "inactive");
      } else {
        this.#release.push(worker.id);
      }
    }
  }

  recruitInactive(): void {
    const lack = this.#wanted.total - this.#total;
    const least = this.#fleet.parameters.cold_workers - this.#totalCount;
    this.#recruitFor("inactive", Math.max(0, least, this.#workersFor(lack)));
  }

  /**
   * The worst price for its performance first. A worker that this plan deactivates is released by a later plan: it may
   * still have requests.
   */
  release(): void {
    const { keptTotal } = this.#wanted;
    const { cold_workers } = this.#fleet.parameters;
    if (this.#total < keptTotal || this.#totalCount <= cold_workers) return;
    const stopping = new Set(this.#deactivated);
    const spare = this.#rising.filter(
      (worker) => worker.risesTo === "inactive" && !this.#redirected.has(worker),
    );
    const candidates = [...this.#inactive, ...spare, ...this.#deactivated].sort(this.#worstFirst);
    for (const worker of candidates) {
      if (this.#totalCount <= cold_workers) break;
      if (this.#total - this.#capacityOf(worker) < keptTotal) continue;
      if (stopping.has(worker)) this.#countTotal(worker, -1);
      else this.#releaseNow(worker);
    }
  }

  get plan(): Plan {
    return {
      activate: this.#activate,
      redirect: [...this.#redirected].map(([{ id }, risesTo]) => ({ id, risesTo })),
      deactivate: this.#deactivated.map(({ id }) => id),
      recruit: this.#recruit,
      release: this.#release,
      replace: this.#replace,
      wanted: {
        activeCapacity: this.#wanted.active,
        totalCapacity: this.#wanted.total,
        reason: this.#wanted.reason,
      },
    };
  }

  #lacksActive(wanted: number): boolean {
    return isLess(this.#supply, wanted) || this.#supplyCount < this.#wanted.leastActive;
  }

  #canSpare(capacity: number, kept: number): boolean {
    return this.#supply - capacity >= kept && this.#supplyCount > this.#wanted.leastActive;
  }

  /** Number of new workers with this capacity. One at a time while the capacity of a worker is unknown. */
  #workersFor(capacity: number): number {
    if (capacity <= 0) return 0;
    const { expectedCapacity } = this.#fleet;
    if (expectedCapacity > 0) return Math.ceil((capacity / expectedCapacity) * (1 - ROUNDING));
    return this.#rising.length + this.#recruit.active + this.#recruit.inactive > 0 ? 0 : 1;
  }

  #recruitFor(aim: Aim, count: number): void {
    const existing = this.#fleet.workers.length - this.#release.length;
    const room =
      this.#fleet.parameters.max_workers - existing - this.#recruit.active - this.#recruit.inactive;
    const recruits = Math.max(0, Math.min(count, room));
    const capacity = recruits * this.#fleet.expectedCapacity;
    this.#recruit[aim] += recruits;
    this.#total += capacity;
    this.#totalCount += recruits;
    if (aim === "inactive") return;
    this.#supply += capacity;
    this.#supplyCount += recruits;
  }

  #replaceWith(worker: FleetWorker, risesTo: Aim): void {
    this.#replace.push({ id: worker.id, risesTo });
    this.#countTotal(worker, 1);
    if (risesTo === "active") this.#countSupply(worker, 1);
  }

  #releaseNow(worker: FleetWorker): void {
    this.#release.push(worker.id);
    if (worker.condition === "failed") return;
    this.#countTotal(worker, -1);
    if (worker.condition === "active") this.#countServing(worker, -1);
    const isSupply =
      worker.condition === "active" || (worker.condition === "rising" && worker.risesTo === "active");
    if (isSupply) this.#countSupply(worker, -1);
  }

  #countServing(worker: FleetWorker, sign: 1 | -1): void {
    this.#serving += sign * worker.capacity;
    this.#servingCount += sign;
  }

  #countSupply(worker: FleetWorker, sign: 1 | -1): void {
    this.#supply += sign * this.#capacityOf(worker);
    this.#supplyCount += sign;
  }

  #countTotal(worker: FleetWorker, sign: 1 | -1): void {
    this.#total += sign * this.#capacityOf(worker);
    this.#totalCount += sign;
  }

  /** The assumed capacity for a worker that has not been measured. */
  readonly #capacityOf = ({ capacity }: FleetWorker): number =>
    capacity > 0 ? capacity : this.#fleet.expectedCapacity;

  readonly #bestFirst = (one: FleetWorker, other: FleetWorker): number =>
    one.price / this.#capacityOf(one) - other.price / this.#capacityOf(other) || one.id - other.id;

  readonly #worstFirst = (one: FleetWorker, other: FleetWorker): number => this.#bestFirst(other, one);
}

const isLess = (capacity: number, wanted: number): boolean => capacity < wanted * (1 - ROUNDING);

/** Makes a plan. */
export type Planner = (fleet: Fleet) => Plan;

/**
 * Applies the rules of scaling. Pure: all input, time included, is in the fleet. O(n log n) in the number of workers, O(n)
 * when nothing changes.
 */
export const plan: Planner = (fleet) => {
  const wanted = wantedCapacity(fleet);
  const draft = new PlanDraft(fleet, wanted);
  draft.enforceCap();
  draft.activate();
  draft.redirectToServe();
  draft.recruitActive();
  draft.deactivate();
  draft.redirectToRest();
  draft.replaceOrReleaseFailed();
  draft.recruitInactive();
  draft.release();
  return draft.plan;
};
