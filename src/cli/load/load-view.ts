import type { LoadOptions } from "../../load/load-options.js";
import type { LoadPoint, LoadResult, LoadTotals } from "../../load/load-result.js";
import {
  amountText,
  arrivalsText,
  countText,
  durationText,
  resultWarnings,
  singleLine,
} from "../../load/result-text.js";
import type { Span } from "../command/terminal.js";
import { durationRows, errorRows, type Rows, rateRows, requestRows } from "./load-rows.js";

interface LiveReading {
  readonly totals: LoadTotals;
  readonly series: readonly LoadPoint[];
  /** Undefined: unknown. */
  readonly plannedSeconds: number | undefined;
  /** Whether it was interrupted. */
  readonly isEnding: boolean;
}

const BAR = 28;
/** Kinds of errors shown during a test, and answers shown at its end. */
const LIVE_ERRORS = 4;
const ANSWERS = 3;

/** The title line: endpoint, route and engine. */
function title(options: Pick<LoadOptions, "endpoint" | "route" | "engineUrl">): readonly Span[] {
  return [
    { text: "tsworker load", style: "bold" },
    { text: `  ${options.endpoint} ${options.route}  ${options.engineUrl}`, style: "dim" },
  ];
}

/** The table while a test runs. @param width of the terminal, in columns. */
export function liveRows(options: LoadOptions, reading: LiveReading, width?: number): Rows {
  const { totals, series, plannedSeconds, isEnding } = reading;
  const errors = errorRows(totals).slice(0, LIVE_ERRORS);
  return [
    title(options),
    progress(options, reading, plannedSeconds),
    [],
    ...requestRows(totals, width),
    [],
    ...durationRows(totals, width),
    [],
    ...rateRows(totals, series.at(-1), width),
    ...(errors.length === 0 ? [] : [[], ...errors]),
    [],
    [
      isEnding
        ? { text: "  waiting for requests in flight; Ctrl-C again ends at once", style: "yellow" }
        : { text: "  Ctrl-C ends it with the report", style: "dim" },
    ],
  ];
}

function progress(
  options: LoadOptions,
  { totals }: LiveReading,
  plannedSeconds: number | undefined,
): readonly Span[] {
  const due = totals.sent + totals.notSent;
  const share = Math.min(
    1,
    totals.planned === null
      ? totals.seconds / (plannedSeconds ?? Number.POSITIVE_INFINITY)
      : due / totals.planned,
  );
  const full = Math.round(share * BAR);
  const sent =
    totals.planned === null
      ? countText(totals.sent)
      : `${countText(totals.sent)} of ${countText(totals.planned)}`;
  const seconds = plannedSeconds === undefined ? "" : ` of ${plannedSeconds.toFixed(0)} s`;
  return [
    { text: "━".repeat(full), style: "cyan" },
    { text: "━".repeat(BAR - full), style: "dim" },
    { text: `  ${sent} sent`, style: "none" },
    {
      text: `  ${totals.seconds.toFixed(1)}${seconds === "" ? " s" : seconds}  ${arrivalsText(options.arrivals)}`,
      style: "dim",
    },
  ];
}

/** One line of progress, for an output that is no terminal. */
export function liveLine({ totals, series }: LiveReading): string {
  const last = series.at(-1);
  const parts = [
    `${totals.seconds.toFixed(0).padStart(5)} s`,
    `sent ${countText(totals.sent)}${totals.planned === null ? "" : `/${countText(totals.planned)}`}`,
    `routing ${totals.routing}`,
    `generating ${totals.generating}`,
    `done ${countText(totals.succeeded)}`,
    `errors ${countText(totals.failed)}`,
    ...(totals.notSent === 0 ? [] : [`not sent ${countText(totals.notSent)}`]),
    `workers ${totals.workers.length}`,
    ...(totals.latencyMs === null || totals.firstByteMs === null
      ? []
      : [
          `p50 ${durationText(totals.latencyMs.p50)}`,
          `p99 ${durationText(totals.latencyMs.p99)}`,
          `first byte p50 ${durationText(totals.firstByteMs.p50)}`,
        ]),
    ...(last === undefined || last.events === 0 ? [] : [`events/s ${amountText(last.events)}`]),
    ...(last === undefined || last.tokens === 0 ? [] : [`tokens/s ${amountText(last.tokens)}`]),
  ];
  return parts.join("  ");
}

/** The report at the end. @param width of the terminal, in columns. */
export function reportRows({ config, ended, totals, answers }: LoadResult, width?: number): Rows {
  const planned = totals.planned === null ? "" : ` of ${countText(totals.planned)} planned`;
  return [
    title(config),
    [
      {
        text: ended === "complete" ? "complete" : "interrupted",
        style: ended === "complete" ? "green" : "yellow",
      },
      {
        text: `  ${countText(totals.sent)}${planned} sent in ${totals.seconds.toFixed(1)} s, ${arrivalsText(config.arrivals)}`,
        style: "none",
      },
    ],
    ...resultWarnings(totals).map((text) => [{ text, style: "yellow" } as const]),
    [],
    ...requestRows(totals, width),
    [],
    ...durationRows(totals, width),
    [],
    ...rateRows(totals, undefined, width),
    ...section("errors", errorRows(totals)),
    ...section(
      "answered by",
      totals.workers.map(({ url, requests }) => [
        { text: `  ${countText(requests).padStart(8)}  `, style: "none" },
        { text: singleLine(url), style: "dim" },
      ]),
    ),
    ...section(
      "last answers",
      answers.slice(-ANSWERS).map((answer) => [{ text: `  ${singleLine(answer)}`, style: "dim" }]),
    ),
  ];
}

const section = (heading: string, rows: Rows): Rows =>
  rows.length === 0 ? [] : [[], [{ text: heading, style: "bold" }], ...rows];
