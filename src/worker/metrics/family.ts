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

/** A metric's only series, without labels. */
export function single(value: number): readonly Sample[] {
  return [{ value, labels: {} }];
}
