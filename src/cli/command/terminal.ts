import { styleText } from "node:util";
import type { Rows } from "../load/load-rows.js";

/**
 * Prints one line about an event: the local time, a short label, a text.
 *
 * @param print writes the line; to standard output by default.
 */
export function printEvent(label: string, text: string, print: (line: string) => void = console.log): void {
  const time = new Date().toTimeString().slice(0, 8);
  print(`${time}  ${label.padEnd(9)} ${text}`);
}

/** A styled part of a line. */
export interface Span {
  readonly text: string;
  readonly style: "none" | "dim" | "bold" | "red" | "yellow" | "green" | "cyan";
}

/** Spans as text of at most `width` characters; longer text ends in `…`. */
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

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const ERASE_BELOW = "\x1b[0J";
const ERASE_ALL = "\x1b[2J\x1b[H";

/** A terminal in which rows are redrawn in place. */
export class LoadScreen {
  readonly #output: NodeJS.WriteStream;
  #height = 0;
  #columns = 0;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  /** Draws the rows, cut to the size of the terminal. */
  draw(rows: Rows): void {
    const { columns, rows: height } = this.#output;
    // The last line stays empty: scrolling would move the drawing.
    const lines = rows
      .slice(0, Math.max(1, height - 1))
      .map((row) => spansText(row, columns, this.#output.hasColors()));
    this.#output.write(
      `${HIDE_CURSOR}${this.#home}${lines.map((line) => `${line}\x1b[K\n`).join("")}${ERASE_BELOW}`,
    );
    this.#height = lines.length;
    this.#columns = columns;
  }

  /** Erases the drawing. */
  clear(): void {
    this.#output.write(`${this.#home}${ERASE_BELOW}${SHOW_CURSOR}`);
    this.#height = 0;
  }

  /** Moves to the first line. After a change of width the height of the drawing is unknown. */
  get #home(): string {
    if (this.#height > 0 && this.#output.columns !== this.#columns) return ERASE_ALL;
    return this.#height === 0 ? "" : `\x1b[${this.#height}A\r`;
  }
}
