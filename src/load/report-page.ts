import type { LoadResult } from "./load-result.js";
import { escaped, plotFigure } from "./plot.js";
import { REPORT_CSS } from "./report-css.js";
import { reportPlots } from "./report-plots.js";
import {
  amountText,
  arrivalsText,
  countText,
  durationText,
  resultWarnings,
  singleLine,
} from "./result-text.js";

const DURATIONS = ["count", "min", "mean", "p50", "p90", "p95", "p99", "max"] as const;

/** The report as a self-contained HTML page without scripts. */
export function reportPage(result: LoadResult): string {
  const { config, ended, startedAt, totals, answers, tsworker } = result;
  const started = new Date(startedAt).toISOString().slice(0, 19).replace("T", " ");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Load test of ${escaped(config.endpoint)}, ${started} UTC</title>
<style>${REPORT_CSS}</style>
<header>
<h1>Load test of ${escaped(config.endpoint)}</h1>
<span class="badge ${ended}">${ended}</span>
<p>${escaped(config.route)} through ${escaped(config.engineUrl)}, ${escaped(arrivalsText(config.arrivals))}; started ${started} UTC, took ${totals.seconds.toFixed(1)} s; tsworker ${escaped(tsworker)}</p>
</header>
${resultWarnings(totals)
  .map((warning) => `<p class="note">${escaped(warning)}</p>`)
  .join("\n")}
<div class="tiles">${tiles(result)}</div>
<div class="plots">
${reportPlots(result).map(plotFigure).join("\n")}
</div>
<div class="tables">
<div>
${section("Durations of successful requests", durations(result))}
${section("Errors", errors(result))}
${section("Answered by", workers(result))}
</div>
${section("Configuration", configuration(result))}
</div>
${answers.length === 0 ? "" : section("Last answers", answers.map((answer) => `<pre>${escaped(singleLine(answer))}</pre>`).join(""))}
</html>
`;
}

function tiles({ totals }: LoadResult): string {
  const { planned, sent, succeeded, failed, notSent, seconds, latencyMs, firstByteMs, events, tokens } =
    totals;
  const perSecond = (amount: number): string => amountText(amount / Math.max(seconds, 0.001));
  const duration = (value: number | undefined): string => (value === undefined ? "–" : durationText(value));
  const tile = (name: string, value: string, isBad = false): string =>
    `<div class="tile${isBad ? " bad" : ""}"><span>${name}</span><b>${escaped(value)}</b></div>`;
  return [
    tile(planned === null ? "sent" : `sent of ${countText(planned)}`, countText(sent)),
    tile("done", countText(succeeded)),
    tile("errors", countText(failed), failed > 0),
    ...(notSent === 0 ? [] : [tile("not sent", countText(notSent), true)]),
    tile("done/s", perSecond(succeeded)),
    tile("latency p50", duration(latencyMs?.p50)),
    tile("latency p99", duration(latencyMs?.p99)),
    tile("first byte p50", duration(firstByteMs?.p50)),
    ...(events > 0 ? [tile("events/s", perSecond(events))] : []),
    ...(tokens > 0 ? [tile("tokens/s", perSecond(tokens))] : []),
  ].join("");
}

const section = (heading: string, body: string): string =>
  body === "" ? "" : `<section><h2>${heading}</h2>${body}</section>`;

/** Cells are HTML. */
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  rows.length === 0
    ? ""
    : `<table>${head.length === 0 ? "" : `<tr>${head.map((cell) => `<th>${cell}</th>`).join("")}</tr>`}${rows
        .map((row) => `<tr>${row.join("")}</tr>`)
        .join("")}</table>`;

const cell = (text: string): string => `<td>${escaped(text)}</td>`;
const words = (text: string): string => `<td class="text">${escaped(text)}</td>`;

function durations({ totals }: LoadResult): string {
  const kinds = [
    ["latency", totals.latencyMs],
    ["first byte", totals.firstByteMs],
    ["routing", totals.routingMs],
  ] as const;
  const rows = kinds.flatMap(([name, summary]) =>
    summary === null
      ? []
      : [
          [
            cell(name),
            ...DURATIONS.map((key) =>
              cell(key === "count" ? countText(summary.count) : durationText(summary[key])),
            ),
          ],
        ],
  );
  return table(["", ...DURATIONS], rows);
}

function errors({ totals }: LoadResult): string {
  return table(
    ["where", "count", ""],
    totals.errors
      .toSorted((a, b) => b.count - a.count)
      .map(({ where, what, count, message }) => [
        cell(where === what ? where : `${where} ${what}`),
        cell(countText(count)),
        words(message),
      ]),
  );
}

function workers({ totals }: LoadResult): string {
  const rows = totals.workers.toSorted((a, b) => b.requests - a.requests);
  return table(
    ["worker", "requests"],
    rows.map(({ url, requests }) => [cell(url), cell(countText(requests))]),
  );
}

function configuration({ config, totals }: LoadResult): string {
  const { arrivals } = config;
  const rows: readonly (readonly [string, string])[] = [
    ["endpoint", config.endpoint],
    ["route", config.route],
    ["arrivals", arrivalsText(arrivals)],
    ...(arrivals.kind === "open" ? [["in flight at most", countText(arrivals.maxInFlight)] as const] : []),
    ["payloads", config.payloads === 1 ? "1" : `${countText(config.payloads)}, by ${config.order}`],
    ["cost", config.cost === null ? "by the payload" : amountText(config.cost)],
    ["streams asked for", config.stream ? "yes" : "no"],
    ["time-out", durationText(config.timeoutMs)],
    ["latest request sent late by", durationText(totals.latestMs)],
  ];
  return table(
    [],
    rows.map(([name, value]) => [cell(name), cell(value)]),
  );
}
