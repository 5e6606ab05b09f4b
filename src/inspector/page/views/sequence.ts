import { stateText } from "../../chart/state-value.js";
import type { EventRecord } from "../../recorder/frames.js";

/** The name of everything that is no actor. */
const OUTSIDE = "outside";

/** So many arrows are drawn, the newest. */
export const MOST_ARROWS = 500;

/** Pauses longer than this are shown, in milliseconds. */
const PAUSE = 1000;

/** Height of a pause in pixels. */
export const PAUSE_HEIGHT = 26;

/** Pixels of an arrow, and of the state that it led to. */
const ARROW_HEIGHT = 26;
const STATE_HEIGHT = 20;

/** One event on its way. */
export interface Arrow {
  readonly record: EventRecord;
  /** Indexes of actors. */
  readonly from: number;
  readonly to: number;
  /** An event that the actor had set itself a time for. */
  readonly isTimer: boolean;
  /** The state that it led to, where that is another one than before. */
  readonly state: string | undefined;
  /** Milliseconds since the arrow above, where they are shown. */
  readonly pause: number | undefined;
  /** Top and height in pixels, the pause included. */
  readonly y: number;
  readonly height: number;
}

/** Events as a diagram: who sent whom what, from above to below. */
export interface Sequence {
  /** Ids in the order in which they first take part. */
  readonly actors: readonly string[];
  readonly arrows: readonly Arrow[];
  /** Events before the first arrow that are not drawn. */
  readonly leftOut: number;
  /** Pixels. */
  readonly height: number;
}

/** An actor's state after a record, if it is new. */
function newState(record: EventRecord, before: string | undefined): string | undefined {
  const state = stateText(record.state);
  if (state === "" || state === before) return undefined;
  if (before !== undefined) {
    // Of states that an actor is in at once, most stay as they are.
    const known = before.split(", ");
    return state
      .split(", ")
      .filter((part) => !known.includes(part))
      .join(", ");
  }
  // Where the state before is not known, a transition or a start shows that this one is new.
  return record.edges.length > 0 || record.event === "xstate.init" ? state : undefined;
}

/** @param records oldest first. */
export function sequenceOf(records: readonly EventRecord[]): Sequence {
  const drawn = records.slice(-MOST_ARROWS);
  const actors = new Map<string, number>();
  const indexOf = (id: string): number => {
    const known = actors.get(id);
    if (known !== undefined) return known;
    actors.set(id, actors.size);
    return actors.size - 1;
  };
  const states = new Map<string, string>();
  const arrows: Arrow[] = [];
  let y = 0;
  for (const record of drawn) {
    const isTimer = record.event.startsWith("xstate.after.");
    const from = indexOf(isTimer ? record.actor : (record.sender ?? OUTSIDE));
    const to = indexOf(record.actor);
    const state = newState(record, states.get(record.ref));
    states.set(record.ref, stateText(record.state));
    const since = record.at - (arrows.at(-1)?.record.at ?? record.at);
    const pause = since > PAUSE ? since : undefined;
    const height =
      ARROW_HEIGHT + (state === undefined ? 0 : STATE_HEIGHT) + (pause === undefined ? 0 : PAUSE_HEIGHT);
    arrows.push({ record, from, to, isTimer, state, pause, y, height });
    y += height;
  }
  return { actors: [...actors.keys()], arrows, leftOut: records.length - drawn.length, height: y };
}

/** The arrows that can be seen between two heights in pixels. */
export function arrowsWithin(arrows: readonly Arrow[], top: number, bottom: number): readonly Arrow[] {
  const first = arrows.findIndex((arrow) => arrow.y + arrow.height > top);
  if (first === -1) return [];
  const behind = arrows.findIndex((arrow) => arrow.y >= bottom);
  return arrows.slice(first, behind === -1 ? arrows.length : behind);
}
