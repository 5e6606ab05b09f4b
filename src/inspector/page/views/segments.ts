import { stateText } from "../../chart/state-value.js";
import type { EventRecord, StateValue } from "../../recorder/frames.js";

/** A time that an actor spent in one state. */
export interface Segment {
  /** Undefined: it is not known, because the records begin later. */
  readonly state: string | undefined;
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** An actor's present state, and since when. */
export interface Lasting {
  readonly state: StateValue;
  /** Epoch milliseconds. */
  readonly since: number;
}

/** Whether an actor lives on after a record. */
const isAlive = ({ status }: EventRecord): boolean => status === "active";

/**
 * The states of an actor between two times, in order and without gaps, as far as it lived: there is nothing before the
 * record of its start nor after its end.
 *
 * @param records of one actor, oldest first.
 * @param lasting the present state, for which the records may begin too late.
 */
export function segmentsOf(
  records: readonly EventRecord[],
  from: number,
  to: number,
  lasting?: Lasting,
): readonly Segment[] {
  const segments: Segment[] = [];
  const add = (state: string | undefined, since: number, until: number): void => {
    const start = Math.max(from, since);
    const end = Math.min(to, until);
    if (end <= start) return;
    const before = segments.at(-1);
    if (before !== undefined && before.state === state && before.to === start) {
      segments[segments.length - 1] = { ...before, to: end };
    } else segments.push({ state, from: start, to: end });
  };
  const first = records[0];
  if (first?.event !== "xstate.init") {
    const begin = first?.at ?? to;
    const known = lasting !== undefined && lasting.since < begin ? lasting : undefined;
    add(undefined, from, known?.since ?? begin);
    if (known !== undefined) add(stateText(known.state), known.since, begin);
  }
  records.forEach((record, index) => {
    if (!isAlive(record)) return;
    const state = record.state === undefined ? undefined : stateText(record.state);
    add(state, record.at, records[index + 1]?.at ?? to);
  });
  return segments;
}

/** Milliseconds in each state, the longest first. */
export function totalsOf(segments: readonly Segment[]): readonly (readonly [string | undefined, number])[] {
  const totals = new Map<string | undefined, number>();
  for (const { state, from, to } of segments) totals.set(state, (totals.get(state) ?? 0) + to - from);
  return [...totals].sort((one, other) => other[1] - one[1]);
}

/** A part of a bar: one state, or several that are too short to be shown apart. */
export interface Stretch {
  readonly states: readonly (string | undefined)[];
  /** Epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/**
 * Joins neighbours that are too short to be drawn, so that a bar has no more parts than it has room for.
 *
 * @param least milliseconds that a state of its own has to last.
 */
export function stretchesOf(segments: readonly Segment[], least: number): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const { state, from, to } of segments) {
    const before = stretches.at(-1);
    // A joined one is closed as soon as it is long enough to be drawn.
    const isOpen = before !== undefined && before.to === from && before.to - before.from < least;
    if (isOpen && to - from < least) {
      const states = before.states.includes(state) ? before.states : [...before.states, state];
      stretches[stretches.length - 1] = { states, from: before.from, to };
    } else stretches.push({ states: [state], from, to });
  }
  return stretches;
}
