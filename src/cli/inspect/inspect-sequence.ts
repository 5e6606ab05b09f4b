import type { Frame, Hello, InspectRecord, Tick } from "../../inspector/recorder/frames.js";

/**
 * Makes one sequence of what a worker sends: a hello, then ticks. A worker whose frames were not read in time begins anew
 * with another hello, which then stands for a tick with what is new in it.
 */
export class InspectSequence {
  /** Number of the newest record that was seen; undefined: no hello came yet. */
  #last: number | undefined;
  /** References of actors that are alive. */
  readonly #alive = new Set<string>();

  /** The frame as part of the sequence; undefined where it has no place in it. */
  take(frame: Frame): Frame | undefined {
    if (this.#last === undefined && frame.type === "tick") return undefined;
    const taken =
      frame.type === "hello" && this.#last !== undefined ? this.#resumed(frame, this.#last) : frame;
    for (const { ref } of taken.actors) this.#alive.add(ref);
    if (taken.type === "tick") for (const ref of taken.gone) this.#alive.delete(ref);
    this.#last = taken.records.at(-1)?.n ?? this.#last ?? -1;
    return taken;
  }

  #resumed({ at, actors, actorsLeftOut, records, lanes, timers, samples }: Hello, last: number): Tick {
    const named = new Set(actors.map(({ ref }) => ref));
    const isNew = ({ n }: InspectRecord): boolean => n > last;
    const sample = samples.at(-1);
    return {
      type: "tick",
      at,
      actors,
      // Of actors that there is no room for it is not known whether they are alive.
      gone: actorsLeftOut > 0 ? [] : [...this.#alive].filter((ref) => !named.has(ref)),
      actorsLeftOut,
      records: records.filter(isNew),
      leftOut: {},
      ...(sample !== undefined && { sample }),
      lanes,
      timers,
    };
  }
}
