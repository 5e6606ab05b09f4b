import type { Fleet, FleetWorker, Plan } from "../../../../../src/engine/scaling/fleet.js";
import { scalingParametersSchema } from "../../../../../src/engine/scaling/scaling-parameters.js";

/** Workers of one kind, with ids from `from` on, of 100 workload per second and a dollar per hour each. */
export function workers(
  count: number,
  condition: FleetWorker["condition"],
  given: Partial<FleetWorker> & { readonly from?: number } = {},
): readonly FleetWorker[] {
  const { from = 1, ...rest } = given;
  return Array.from({ length: count }, (_, index) => ({
    id: from + index,
    condition,
    capacity: 100,
    load: 0,
    price: 1,
    risesTo: "active" as const,
    ...rest,
  }));
}

/** An endpoint whose parameters are such that none but the given ones matter. */
export function fleet(
  parameters: Readonly<Record<string, unknown>>,
  given: Partial<Omit<Fleet, "parameters">> = {},
): Fleet {
  const quiet = { max_workers: 1000, cold_workers: 0, min_load: 0, cold_mult: 1 };
  return {
    parameters: scalingParametersSchema.parse({ ...quiet, ...parameters }),
    workers: [],
    load: 0,
    waiting: 0,
    idleSeconds: 0,
    expectedCapacity: 100,
    ...given,
  };
}

/** The fleet when all of a plan is done and every worker is where it was sent. */
export function carriedOut(before: Fleet, plan: Plan): Fleet {
  const sentOn = new Map([...plan.redirect, ...plan.replace].map(({ id, risesTo }) => [id, risesTo]));
  const stay = before.workers
    .filter(({ id }) => !plan.release.includes(id))
    .map((worker): FleetWorker => {
      const condition = plan.activate.includes(worker.id)
        ? "active"
        : plan.deactivate.includes(worker.id)
          ? "inactive"
          : (sentOn.get(worker.id) ?? (worker.condition === "rising" ? worker.risesTo : worker.condition));
      return { ...worker, condition, capacity: worker.capacity || before.expectedCapacity };
    });
  const from = 1 + before.workers.reduce((most, { id }) => Math.max(most, id), 0);
  const { active, inactive } = plan.recruit;
  const capacity = before.expectedCapacity;
  return {
    ...before,
    workers: [
      ...stay,
      ...workers(active, "active", { from, capacity }),
      ...workers(inactive, "inactive", { from: from + active, capacity }),
    ],
  };
}
