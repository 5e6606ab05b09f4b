import { isSameState } from "../chart/same-state.js";
import type { ActorStatus, EventRecord, SafeValue, StateValue } from "../recorder/frames.js";

/** What is known of an actor at a record of the past. */
export interface Moment {
  readonly state: StateValue | undefined;
  readonly status: ActorStatus;
  /** When it came into this state, as far as the records reach. */
  readonly since: number;
  readonly edges: readonly string[];
  /** Undefined: not known. */
  readonly context: SafeValue | undefined;
}

/** All actors at a record of the past. */
export interface Past {
  readonly n: number;
  readonly at: number;
  /** By reference. Whoever is in neither of these was there, but its state lies before the records. */
  readonly moments: ReadonlyMap<string, Moment>;
  /** References of actors that began later. */
  readonly unborn: ReadonlySet<string>;
  /** References of actors that took events later. */
  readonly later: ReadonlySet<string>;
}

/** A moment while it is put together, from the newest record backwards. */
export type MomentDraft = { -readonly [Key in keyof Moment]: Moment[Key] } & {
  /** The state before this one has been seen, so that `since` stands. */
  isSinceKnown: boolean;
};

/** Adds a record to the moment of its actor; it lies before all that were added. */
export function addEarlier(drafts: Map<string, MomentDraft>, record: EventRecord): void {
  const { ref, state, status, edges, at, context } = record;
  const draft = drafts.get(ref);
  if (draft === undefined) {
    drafts.set(ref, { state, status, edges, since: at, context, isSinceKnown: false });
    return;
  }
  draft.context ??= context;
  if (draft.isSinceKnown) return;
  if (isSameState(draft.state, state)) draft.since = at;
  else draft.isSinceKnown = true;
}
