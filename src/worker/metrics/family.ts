/** One series of a metric at this moment. */
export interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Name of the series if it differs from the metric's: a histogram's `_bucket`, `_sum` and `_count`. */
  readonly metricName?: string;
}

/** A metric: name, description, and how its series are read from a source. */
export interface Family<Source> {
  /** In base units, counters ending in `_total`. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** One sentence with its meaning and unit. */
  readonly help: string;
  readonly read: (source: Source) => readonly Sample[];
}

/** A histogram as it is now. */
export interface Distribution {
  /** Upper bounds of the buckets, inclusive. */
  readonly bounds: readonly number[];
  readonly sum: number;
  /** Number of values up to each of the bounds, and at last the number of all. */
  cumulative(): readonly number[];
}

/** The series of a histogram with these labels. */
export function histogramSamples(
  name: string,
  labels: Sample["labels"],
  values: Distribution,
): readonly Sample[] {
  const counts = values.cumulative();
  return [
    ...counts.map((value, index) => ({
      value,
      labels: { ...labels, le: values.bounds[index] ?? "+Inf" },
      metricName: `${name}_bucket`,
    })),
    { value: values.sum, labels, metricName: `${name}_sum` },
    // From the buckets, so that it always equals the last of them.
    { value: counts.at(-1) ?? 0, labels, metricName: `${name}_count` },
  ];
}

/** A metric's only series, without labels. */
export function single(value: number): readonly Sample[] {
  return [{ value, labels: {} }];
}
