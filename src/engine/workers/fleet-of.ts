import type { WireStatus } from "../machines/wire-status.js";
import type { FleetWorker } from "../scaling/fleet.js";
import type { WorkerView } from "./worker-view.js";

const CONDITIONS: Readonly<Record<WireStatus, FleetWorker["condition"] | undefined>> = {
  pending: "rising",
  creating: "rising",
  created: "rising",
  loading: "rising",
  model_loading: "rising",
  starting: "rising",
  rebooting: "rising",
  idle: "active",
  stopping: "inactive",
  stopped: "inactive",
  error: "failed",
  // It is on its way out: nothing is to be done with it any more.
  destroying: undefined,
};

/**
 * Capacity that a worker of which nothing is known is expected to have: the mean of those that were measured.
 */
export function expectedCapacity(workers: readonly WorkerView[], otherwise: number): number {
  const known = workers.map(({ capacity }) => capacity).filter((capacity) => capacity > 0);
  return known.length === 0 ? otherwise : known.reduce((sum, each) => sum + each, 0) / known.length;
}

/** What the rules of scaling need to know of the workers that the engine manages. */
export function fleetOf(workers: readonly WorkerView[], price: number, otherwise: number): FleetWorker[] {
  return workers.flatMap(({ id, status, capacity, load, purpose, origin }) => {
    // A worker that is being stopped and will be started again is on its way to serve.
    const condition = status === "stopping" && purpose === "active" ? "rising" : CONDITIONS[status];
    if (condition === undefined || origin === "announced") return [];
    return { id, condition, capacity: capacity > 0 ? capacity : otherwise, load, price, risesTo: purpose };
  });
}
