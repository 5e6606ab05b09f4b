import type { RequestRecord } from "../../recorder/frames.js";

/** The phases of a request, in order. */
type PhaseName = "check" | "wait" | "first byte" | "stream";

/** A part of a request's life. */
export interface Phase {
  readonly name: PhaseName;
  /** Milliseconds after its arrival. */
  readonly from: number;
  /** Milliseconds. */
  readonly ms: number;
  /** Of the request's whole time, 0 to 1. */
  readonly share: number;
  /** The request ended in it: what would have followed never came. */
  readonly last: boolean;
}

/** Milliseconds from a request's arrival to its end. */
export const totalOf = ({ arrivedAt, endedAt }: RequestRecord): number => Math.max(0, endedAt - arrivedAt);

/** Milliseconds that a request waited for its turn; undefined: it never came so far. */
export function waitOf({ admittedAt, startedAt, endedAt }: RequestRecord): number | undefined {
  return admittedAt === undefined ? undefined : Math.max(0, (startedAt ?? endedAt) - admittedAt);
}

/**
 * Where a request's time went. The phases follow each other without gaps from its arrival to its end; those that it
 * did not reach are missing. None is shorter than nothing, even where the clock was set back.
 */
export function phasesOf(record: RequestRecord): readonly Phase[] {
  const total = totalOf(record);
  const ends: readonly (readonly [PhaseName, number | undefined])[] = [
    ["check", record.admittedAt],
    ["wait", record.startedAt],
    ["first byte", record.firstByteAt],
    ["stream", record.endedAt],
  ];
  const phases: Phase[] = [];
  let from = 0;
  for (const [name, endsAt] of ends) {
    const last = endsAt === undefined || name === "stream";
    const to = last ? total : Math.min(total, Math.max(from, endsAt - record.arrivedAt));
    phases.push({ name, from, ms: to - from, share: total === 0 ? 0 : (to - from) / total, last });
    if (last) break;
    from = to;
  }
  return phases;
}
