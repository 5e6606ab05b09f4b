import type { ActorRow, StateValue } from "../recorder/frames.js";
import type { Past } from "./past.js";

/** The state that an actor was in. */
export interface StateThen {
  /** Undefined: no machine. */
  readonly state: StateValue | undefined;
  readonly since: number;
}

/**
 * The state that an actor was in at a record of the past; undefined: it is not known, because it lies before the records
 * that are kept.
 *
 * @param row the actor as it is now, or was at its end.
 */
export function stateAt(row: ActorRow, past: Past): StateThen | undefined {
  // It has been in its last state since before then. At the very moment of a change, the records know better.
  if (row.state === undefined || row.since < past.at) return row;
  return past.moments.get(row.ref);
}
