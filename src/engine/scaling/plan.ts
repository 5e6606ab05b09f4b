import type { Fleet, Plan } from "./fleet.js";
import { PlanDraft } from "./plan-draft.js";
import { wantedCapacity } from "./wanted-capacity.js";

/** How the rules of scaling are asked. */
export type Planner = (fleet: Fleet) => Plan;

/**
 * Applies the rules of scaling. Pure: time and all else that matters stand in the fleet.
 *
 * O(n log n) in the number of workers; O(n) where nothing is to be done.
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
