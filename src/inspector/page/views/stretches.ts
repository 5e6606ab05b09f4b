import type { Segment } from "./segments.js";

/** A part of a bar: one state, or several that are too short to be told apart. */
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
