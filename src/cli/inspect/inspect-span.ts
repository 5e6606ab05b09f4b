import { styleText } from "node:util";

/** A piece of a line. */
export interface Span {
  readonly text: string;
  readonly style: "none" | "dim" | "bold" | "red" | "yellow" | "green" | "cyan";
}

/** Spans as text of at most `width` characters: what is too long ends in `…`. */
export function spansText(spans: readonly Span[], width: number, colours: boolean): string {
  let left = width;
  let line = "";
  for (const { text, style } of spans) {
    if (left <= 0) break;
    const fitting = text.length <= left ? text : `${text.slice(0, left - 1)}…`;
    left -= fitting.length;
    line += colours && style !== "none" ? styleText(style, fitting, { validateStream: false }) : fitting;
  }
  return line;
}
