import type { LoadPoint, LoadTotals } from "../../load/load-result.js";
import { amountText, countText, durationText, singleLine } from "../../load/result-text.js";
import type { Span } from "../command/terminal.js";

/** Lines of a table, each of spans. */
export type Rows = readonly (readonly Span[])[];

type Style = Span["style"];
/** A title and the value below it. */
type Column = readonly [title: string, value: string, style?: Style];

const CELL = 11;
const LABEL = 13;
const DURATIONS = ["p50", "p90", "p95", "p99", "max", "mean"] as const;

const cell = (text: string, style: Style = "none"): Span => ({ text: text.padStart(CELL), style });
const label = (text: string): Span => ({ text: `  ${text}`.padEnd(LABEL), style: "dim" });

/** Wraps columns that exceed the width to further rows, so that no number is cut off. */
function inWidth<T>(columns: readonly T[], width: number, rowsOf: (part: readonly T[]) => Rows): Rows {
  const count = Math.max(1, Math.min(columns.length, Math.floor(width / CELL)));
  const parts = Array.from({ length: Math.ceil(columns.length / count) }, (_, index) =>
    columns.slice(index * count, (index + 1) * count),
  );
  return parts.flatMap((part, index) => (index === 0 ? rowsOf(part) : [[], ...rowsOf(part)]));
}

/** A table of one row. */
const table = (columns: readonly Column[], width: number): Rows =>
  inWidth(columns, width, (part) => [
    part.map(([title]) => cell(title, "dim")),
    part.map(([, value, style]) => cell(value, style)),
  ]);

/** Requests by state and outcome. @param width of the terminal, in columns. */
export function requestRows(totals: LoadTotals, width = Number.POSITIVE_INFINITY): Rows {
  const failed = (where: string): number =>
    totals.errors.reduce((sum, error) => sum + (error.where === where ? error.count : 0), 0);
  const bad = (title: string, count: number): Column => [title, countText(count), count > 0 ? "red" : "dim"];
  return [
    ...table(
      [
        ["routing", countText(totals.routing)],
        ["generating", countText(totals.generating)],
        ["in flight", countText(totals.routing + totals.generating)],
        ["done", countText(totals.succeeded), totals.succeeded > 0 ? "green" : "none"],
        bad("errors", totals.failed),
        bad("not sent", totals.notSent),
        ["workers", countText(totals.workers.length)],
      ],
      width,
    ),
    [],
    ...table(
      [
        bad("engine", failed("engine")),
        bad("worker", failed("worker")),
        bad("connection", failed("connection")),
        bad("timeout", failed("timeout")),
        bad("cut off", failed("cut off")),
        ["done/min", amountText((totals.succeeded / Math.max(totals.seconds, 0.001)) * 60)],
        ["late by", durationText(totals.latestMs), totals.latestMs > 100 ? "yellow" : "dim"],
      ],
      width,
    ),
  ];
}

/** Durations of requests. @param width of the terminal, in columns. */
export function durationRows(totals: LoadTotals, width = Number.POSITIVE_INFINITY): Rows {
  return inWidth(DURATIONS, width - LABEL, (names) => {
    const row = (title: string, summary: LoadTotals["latencyMs"]): readonly Span[] => [
      label(title),
      ...names.map((name) =>
        cell(summary === null ? "–" : durationText(summary[name]), summary === null ? "dim" : "none"),
      ),
    ];
    return [
      [label(""), ...names.map((name) => cell(name, "dim"))],
      row("latency", totals.latencyMs),
      row("first byte", totals.firstByteMs),
      row("routing", totals.routingMs),
    ];
  });
}

/**
 * Rates per second: on average over the run, and in the last full second.
 *
 * @param width of the terminal, in columns.
 */
export function rateRows(
  totals: LoadTotals,
  last: LoadPoint | undefined,
  width = Number.POSITIVE_INFINITY,
): Rows {
  const columns = [
    ["sent", totals.sent, last?.sent],
    ["done", totals.succeeded, last?.succeeded],
    ["errors", totals.failed, last?.failed],
    ["events", totals.events, last?.events],
    ["tokens", totals.tokens, last?.tokens],
  ] as const;
  const seconds = Math.max(totals.seconds, 0.001);
  return inWidth(columns, width - LABEL, (part) => [
    [label("per second"), ...part.map(([title]) => cell(title, "dim"))],
    [label("on average"), ...part.map(([, total]) => cell(amountText(total / seconds)))],
    ...(last === undefined ? [] : [[label("now"), ...part.map(([, , now]) => cell(amountText(now ?? 0)))]]),
  ]);
}

/** Errors, the most frequent first, a line for each kind. */
export function errorRows(totals: LoadTotals): Rows {
  return totals.errors
    .toSorted((a, b) => b.count - a.count)
    .map(({ where, what, count, message }) => [
      { text: `  ${countText(count)} × `, style: "red" },
      { text: where === what ? where : `${where} ${what}`, style: "red" },
      { text: `  ${singleLine(message)}`, style: "dim" },
    ]);
}
