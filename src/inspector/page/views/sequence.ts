import { stateText } from "../../chart/state-value.js";
import type { EventRecord } from "../../recorder/frames.js";
import { foldText, groupsOf } from "./sequence-folds.js";

/** The name of everything that is no actor. */
const OUTSIDE = "outside";

/** So many events are drawn, the newest. */
export const MOST_ARROWS = 1000;

/** Pauses longer than this are shown, in milliseconds. */
const PAUSE = 1000;

/** Height of a pause in pixels. */
export const PAUSE_HEIGHT = 26;

/** Pixels of an arrow, and of the state that it led to. */
const ARROW_HEIGHT = 26;
const STATE_HEIGHT = 20;

/** Pixels of a line that stands for folded events. */
const FOLD_HEIGHT = 26;

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

/** Events that are not drawn one by one: repetitions, or the starts of actors. */
export interface Fold {
  /** Number of the first record, and when it came. */
  readonly n: number;
  readonly at: number;
  readonly text: string;
  /** Top and height in pixels. */
  readonly y: number;
  readonly height: number;
}

/** Events as a diagram: who sent whom what, from above to below. */
export interface Sequence {
  /** Ids in the order in which they first take part; the selected one comes first. */
  readonly actors: readonly string[];
  readonly arrows: readonly Arrow[];
  readonly folds: readonly Fold[];
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

/** How events are drawn. */
interface SequenceOptions {
  /** Id of the selected actor. */
  readonly selected?: string | undefined;
  /** Repetitions, and the starts of actors, become one line where they follow each other. @default false */
  readonly isFolded?: boolean;
}

/** @param records oldest first. */
export function sequenceOf(
  records: readonly EventRecord[],
  { selected, isFolded = false }: SequenceOptions = {},
): Sequence {
  const drawn = records.slice(-MOST_ARROWS);
  const groups = isFolded ? groupsOf(drawn) : drawn.map((record) => ({ records: [record], isFolded: false }));
  const actors = new Map<string, number>();
  const indexOf = (id: string): number => {
    const known = actors.get(id);
    if (known !== undefined) return known;
    actors.set(id, actors.size);
    return actors.size - 1;
  };
  if (selected !== undefined && drawn.length > 0) indexOf(selected);
  const states = new Map<string, string>();
  const arrows: Arrow[] = [];
  const folds: Fold[] = [];
  let y = 0;
  let last = drawn[0]?.at ?? 0;
  for (const group of groups) {
    const [record] = group.records;
    if (record === undefined) continue;
    const state = newState(record, states.get(record.ref));
    for (const { ref, state: after } of group.records) states.set(ref, stateText(after));
    const since = record.at - last;
    last = group.records.at(-1)?.at ?? last;
    if (group.isFolded) {
      folds.push({ n: record.n, at: record.at, text: foldText(group.records), y, height: FOLD_HEIGHT });
      y += FOLD_HEIGHT;
      continue;
    }
    const isTimer = record.event.startsWith("xstate.after.");
    const from = indexOf(isTimer ? record.actor : (record.sender ?? OUTSIDE));
    const to = indexOf(record.actor);
    const pause = since > PAUSE ? since : undefined;
    const height =
      ARROW_HEIGHT + (state === undefined ? 0 : STATE_HEIGHT) + (pause === undefined ? 0 : PAUSE_HEIGHT);
    arrows.push({ record, from, to, isTimer, state, pause, y, height });
    y += height;
  }
  const leftOut = records.length - drawn.length;
  return { actors: [...actors.keys()], arrows, folds, leftOut, height: y };
}

/** The arrows or folds that can be seen between two heights in pixels. */
export function within<E extends Arrow | Fold>(
  elements: readonly E[],
  top: number,
  bottom: number,
): readonly E[] {
  const first = elements.findIndex(({ y, height }) => y + height > top);
  if (first === -1) return [];
  const behind = elements.findIndex(({ y }) => y >= bottom);
  return elements.slice(first, behind === -1 ? elements.length : behind);
}
