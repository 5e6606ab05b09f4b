import { type Span, spansText } from "../command/terminal.js";
import type { InspectRow } from "./inspect-row.js";

/** Format of lines. */
export interface LineFormat {
  /** Characters per line; Infinity outside of a terminal. */
  readonly width: number;
  readonly colours: boolean;
}

/** Characters of the time. */
const TIME_WIDTH = 12;

/** Below so many characters, details that do not fit have a line of their own. */
const NARROW = 110;

/** A row as lines, without the last one's end: time, sender → receiver, what happened, details. */
export function inspectLine(row: InspectRow, format: LineFormat): string {
  const { width, colours } = format;
  const widths = columnWidths(width);
  const column = ({ text, style }: Span, size: number): Span => ({
    text: (Number.isFinite(width) && text.length > size ? `${text.slice(0, size - 1)}…` : text).padEnd(size),
    style,
  });
  const head: readonly Span[] = [
    { text: timeText(row.at), style: "dim" },
    GAP,
    column({ text: row.from, style: "dim" }, widths.from),
    { text: row.from === "" ? "   " : " → ", style: "dim" },
    column({ text: row.to, style: "none" }, widths.to),
    GAP,
    column(row.what, widths.what),
  ];
  const isBelow = width < NARROW && lengthOf([...head, GAP, ...row.detail]) > width;
  const lines: readonly (readonly Span[])[] = [
    isBelow ? head : [...head, GAP, ...row.detail],
    ...(isBelow ? [[INDENT, ...row.detail]] : []),
    ...row.below.map((text): readonly Span[] => [INDENT, { text, style: "dim" }]),
  ];
  return lines.map((line) => spansText(line, width, colours).trimEnd()).join("\n");
}

const GAP: Span = { text: "  ", style: "none" };
const INDENT: Span = { text: " ".repeat(TIME_WIDTH + 2), style: "none" };

const lengthOf = (spans: readonly Span[]): number => spans.reduce((sum, { text }) => sum + text.length, 0);

/** A terminal of 160 columns has room for all usual names. One that is narrow has it as well, with details below. */
function columnWidths(width: number): { readonly from: number; readonly to: number; readonly what: number } {
  if (width < NARROW) return { from: 9, to: 22, what: 24 };
  const room = Math.min(1, (width - NARROW) / 50);
  return { from: 10 + Math.round(4 * room), to: 18 + Math.round(8 * room), what: 20 + Math.round(12 * room) };
}

/** Local time with milliseconds. */
function timeText(at: number): string {
  const date = new Date(at);
  return `${date.toTimeString().slice(0, 8)}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
