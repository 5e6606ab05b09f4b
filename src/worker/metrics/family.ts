/** One series of a metric at this moment. */
export interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Name of the series where it is not the metric's own: a histogram's `_bucket`, `_sum` and `_count`. */
  readonly metricName?: string;
}

/** A metric: its name, what it means, and how its series are read from a source. */
export interface Family<Source> {
  /** In base units, counters ending in `_total`. */
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** One sentence that says what it means, in what unit. */
  readonly help: string;
  readonly read: (source: Source) => readonly Sample[];
}

/** A metric's only series, without labels. */
export function single(value: number): readonly Sample[] {
  return [{ value, labels: {} }];
}
