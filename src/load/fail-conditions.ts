import type { LoadResult, LoadTotals } from "./load-result.js";
import { amountText, durationText } from "./result-text.js";

/** Unit of a condition's value. */
type Unit = "count" | "percent" | "milliseconds" | "per second";

/** A condition that fails a load test, such as `errors>1%`. */
export interface FailCondition {
  /** As written by the user. */
  readonly text: string;
  readonly metric: string;
  readonly operator: Operator;
  readonly limit: number;
  readonly unit: Unit;
}

const OPERATORS = {
  ">=": (value: number, limit: number) => value >= limit,
  "<=": (value: number, limit: number) => value <= limit,
  ">": (value: number, limit: number) => value > limit,
  "<": (value: number, limit: number) => value < limit,
} as const;

type Operator = keyof typeof OPERATORS;

const DURATIONS = ["p50", "p90", "p95", "p99", "max", "mean"] as const;

/** A value of a result; undefined: nothing was measured. */
type Reading = (totals: LoadTotals) => number | undefined;

const perSecond = (amount: number, { seconds }: LoadTotals): number => amount / Math.max(seconds, 0.001);

const COUNTS: Readonly<Record<string, { readonly count: Reading; readonly of: Reading }>> = {
  errors: { count: ({ failed }) => failed, of: ({ sent }) => sent },
  "not-sent": { count: ({ notSent }) => notSent, of: ({ sent, notSent }) => sent + notSent },
};

const TIMES: Readonly<Record<string, Reading>> = Object.fromEntries(
  DURATIONS.flatMap((name): [string, Reading][] => [
    [name, ({ latencyMs }) => latencyMs?.[name]],
    [`first-byte-${name}`, ({ firstByteMs }) => firstByteMs?.[name]],
  ]),
);

const RATES: Readonly<Record<string, Reading>> = {
  "done/s": (totals) => perSecond(totals.succeeded, totals),
  "tokens/s": (totals) => perSecond(totals.tokens, totals),
};

/** Metrics of conditions. */
export const FAIL_METRICS: readonly string[] = [COUNTS, TIMES, RATES].flatMap(Object.keys);

const CONDITION = /^([a-z][a-z0-9/-]*)\s*(>=|<=|>|<)\s*(\d+(?:\.\d+)?)\s*(%|ms|s)?$/;

/**
 * Parses conditions: `<metric><operator><value>`, separated by commas.
 *
 * @throws Error with the invalid condition and the expected format.
 */
export function readFailConditions(text: string): readonly FailCondition[] {
  return text.split(",").map((part) => readCondition(part.trim()));
}

function readCondition(text: string): FailCondition {
  const [, metric = "", operator = "", digits = "", suffix] = CONDITION.exec(text) ?? [];
  const value = Number(digits);
  const condition = (unit: Unit, limit = value): FailCondition => ({
    text,
    metric,
    operator: operator as Operator,
    limit,
    unit,
  });
  if (metric === "")
    throw new Error(`"${text}" is not a condition: expected one such as errors>1% or p99>2s`);
  if (Object.hasOwn(COUNTS, metric)) {
    if (suffix === undefined || suffix === "%") return condition(suffix === "%" ? "percent" : "count");
    throw new Error(`"${text}": expected a number or a percentage, such as ${metric}>0 or ${metric}>1%`);
  }
  if (Object.hasOwn(TIMES, metric)) {
    if (suffix === "ms") return condition("milliseconds");
    if (suffix === "s") return condition("milliseconds", value * 1000);
    throw new Error(`"${text}": expected a time in ms or s, such as ${metric}>2s`);
  }
  if (Object.hasOwn(RATES, metric)) {
    if (suffix === undefined) return condition("per second");
    throw new Error(`"${text}": expected a number without a unit, such as ${metric}<10`);
  }
  throw new Error(`"${text}": there is no ${metric}, only ${FAIL_METRICS.join(", ")}`);
}

/** The conditions that a result meets, each as a line with the measured value. */
export function metConditions(
  conditions: readonly FailCondition[],
  { totals }: Pick<LoadResult, "totals">,
): readonly string[] {
  return conditions.flatMap(({ text, metric, operator, limit, unit }) => {
    const value = measuredValue(metric, unit, totals);
    // A test without a success has no latencies, and must not pass for that reason.
    if (value === undefined) return [`${text}: no request succeeded`];
    return OPERATORS[operator](value, limit) ? [`${text}: ${metric} is ${valueText(value, unit)}`] : [];
  });
}

function measuredValue(metric: string, unit: Unit, totals: LoadTotals): number | undefined {
  const counted = COUNTS[metric];
  if (counted === undefined) return (TIMES[metric] ?? RATES[metric])?.(totals);
  const count = counted.count(totals) ?? 0;
  return unit === "percent" ? (count / Math.max(1, counted.of(totals) ?? 0)) * 100 : count;
}

function valueText(value: number, unit: Unit): string {
  if (unit === "milliseconds") return durationText(value);
  // Two digits, so that a share just above a limit does not look like the limit.
  return unit === "percent" ? `${Number(value.toPrecision(3))}%` : amountText(value);
}
