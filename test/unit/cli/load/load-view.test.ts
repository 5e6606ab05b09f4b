import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { LoadScreen, spansText } from "../../../../src/cli/command/terminal.js";
import { durationRows, type Rows, rateRows, requestRows } from "../../../../src/cli/load/load-rows.js";
import { liveLine, liveRows, reportRows } from "../../../../src/cli/load/load-view.js";
import type { LoadOptions } from "../../../../src/load/load-options.js";
import type { LoadTotals } from "../../../../src/load/load-result.js";
import { durationText } from "../../../../src/load/result-text.js";
import { loadPoint, loadResult } from "../../../support/load-result.js";

const OPTIONS: LoadOptions = {
  endpoint: "chat",
  apiKey: "the-key",
  engineUrl: "http://127.0.0.1:8080",
  route: "/go",
  payloads: [{}],
  order: "turn",
  seed: 1,
  cost: undefined,
  stream: false,
  timeoutMs: 60_000,
  arrivals: { kind: "open", profile: "steady", count: 100, rps: 10, maxInFlight: 1000 },
};

const textOf = (rows: ReturnType<typeof reportRows>, width = Number.POSITIVE_INFINITY): readonly string[] =>
  rows.map((row) => spansText(row, width, false));

const reading = (totals: Parameters<typeof loadResult>[1] = {}) => ({
  totals: loadResult({}, totals).totals,
  series: [loadPoint(0)],
  plannedSeconds: 10,
  isEnding: false,
});

/** A terminal that keeps what is written to it. */
function terminal(columns: number, rows: number, colours: boolean) {
  let written = "";
  const stream = {
    columns,
    rows,
    hasColors: () => colours,
    write: (text: string) => {
      written += text;
      return true;
    },
  };
  return { stream: stream as unknown as NodeJS.WriteStream, written: () => written };
}

test("the numbers of the table are below their titles", () => {
  const rows = liveRows(OPTIONS, reading({ generating: 7, notSent: 12_345 }));
  const head = rows.findIndex((row) => row.some(({ text }) => text.trim() === "generating"));
  const widths = (index: number): readonly number[] => (rows[index] ?? []).map(({ text }) => text.length);
  expect(widths(head + 1)).toEqual(widths(head));
  expect((rows[head + 1] ?? []).map(({ text }) => text.trim())).toContain("12,345");
});

test("the whole table has room in a terminal of 80 by 24", () => {
  const lines = textOf(liveRows(OPTIONS, reading()));
  expect(lines.length).toBeLessThan(24);
  const numbers = lines.filter((line) => !line.includes("worker 429"));
  expect(Math.max(...numbers.map((line) => line.length))).toBeLessThanOrEqual(80);
});

test.each([24, 40, 60])("in %d columns fewer numbers are side by side, and none is cut off", (width) => {
  const { totals } = loadResult();
  const tables = [
    requestRows,
    durationRows,
    (all: LoadTotals, columns?: number) => rateRows(all, undefined, columns),
  ];
  for (const rowsOf of tables) {
    const texts = (rows: Rows) => new Set(rows.flat().map(({ text }) => text.trim()));
    const rows = rowsOf(totals, width);
    expect(texts(rows)).toEqual(texts(rowsOf(totals)));
    for (const line of textOf(rows)) expect(line.length).toBeLessThanOrEqual(width);
  }
});

test("the key is shown nowhere", () => {
  const all = [
    ...textOf(liveRows(OPTIONS, reading())),
    liveLine(reading()),
    ...textOf(reportRows(loadResult())),
  ];
  expect(all.join("\n")).not.toContain("the-key");
});

test("what workers and models wrote cannot move the cursor", () => {
  const evil = "\x1b[2Jgone\r\nnext";
  const result = loadResult(
    { answers: [evil] },
    { errors: [{ where: "worker", what: "500", count: 1, message: evil }] },
  );
  const lines = textOf(reportRows(result));
  const text = lines.join("");
  expect(stripVTControlCharacters(text)).toBe(text);
  expect(text).not.toContain("\r");
  expect(lines.filter((line) => line.includes("gone next"))).toHaveLength(2);
});

test("a screen is drawn in place, as wide and as high as the terminal, with colours only where it has some", () => {
  const { stream, written } = terminal(40, 10, false);
  const screen = new LoadScreen(stream);
  const rows = liveRows(OPTIONS, reading());
  screen.draw(rows);
  screen.draw(rows);
  const [first = "", second = ""] = written().split("\x1b[9A");
  expect(first.match(/\n/g)).toHaveLength(9);
  expect(second.match(/\n/g)).toHaveLength(9);
  for (const line of stripVTControlCharacters(written()).split("\n")) {
    expect(line.trim().length).toBeLessThanOrEqual(40);
  }
  // The cursor's commands, but no colours.
  expect(written()).not.toContain("\x1b[32m");
  screen.clear();
  expect(written().endsWith("\x1b[0J\x1b[?25h")).toBe(true);
  const coloured = terminal(80, 30, true);
  new LoadScreen(coloured.stream).draw(rows);
  expect(coloured.written()).toContain("\x1b[32m");
});

test("a screen begins anew when the terminal has become narrower, which wraps what was drawn", () => {
  const { stream, written } = terminal(80, 30, false);
  const screen = new LoadScreen(stream);
  const rows = liveRows(OPTIONS, reading());
  screen.draw(rows);
  expect(written()).not.toContain("\x1b[2J");
  stream.columns = 60;
  screen.draw(rows);
  expect(written().split("\x1b[2J")).toHaveLength(2);
});

test.each([
  [0.04, "0.0 ms"],
  [9.94, "9.9 ms"],
  [9.96, "10 ms"],
  [999.4, "999 ms"],
  [999.6, "1.00 s"],
  [99_960, "100 s"],
])("%d milliseconds are %s", (milliseconds, text) => {
  expect(durationText(milliseconds)).toBe(text);
});
