import type { Sample } from "../../recorder/frames.js";

/** Reads a value from a sample; null or undefined: there was none. */
export type Reading = (sample: Sample) => number | null | undefined;

/** Times and values as they are drawn: row by row, each column as long as the others. */
export interface Columns {
  /** Epoch seconds. */
  readonly times: readonly number[];
  /** Of every reading; null: a gap. */
  readonly values: readonly (readonly (number | null)[])[];
}

/** Milliseconds between two samples that belong together: with more, one is missing. */
const LONGEST = 2500;

/** The times of samples, and one within each pause: nothing is known of it, so no line may lead across. */
function rowsOf(samples: readonly Sample[]): readonly (readonly [number, Sample | undefined])[] {
  return samples.flatMap((sample, index): (readonly [number, Sample | undefined])[] => {
    const before = samples[index - 1];
    const row = [sample.at / 1000, sample] as const;
    if (before === undefined || sample.at - before.at <= LONGEST) return [row];
    return [[(before.at + sample.at) / 2000, undefined], row];
  });
}

/** Samples by reading instead of by time. */
export function columnsOf(samples: readonly Sample[], readings: readonly Reading[]): Columns {
  const rows = rowsOf(samples);
  return {
    times: rows.map(([time]) => time),
    values: readings.map((read) =>
      rows.map(([, sample]) => {
        const value = sample === undefined ? null : read(sample);
        return typeof value === "number" && Number.isFinite(value) ? value : null;
      }),
    ),
  };
}

/** Indexes of values without neighbours: no line leads there, so that they need a point of their own. */
export function lonely(values: ArrayLike<number | null | undefined>): number[] {
  const has = (index: number): boolean => typeof values[index] === "number";
  return Array.from(values, (_value, index) => index).filter(
    (index) => has(index) && !has(index - 1) && !has(index + 1),
  );
}
