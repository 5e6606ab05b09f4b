import { spansText } from "../inspect/inspect-span.js";
import type { Rows } from "./load-rows.js";

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const ERASE_BELOW = "\x1b[0J";
const ERASE_ALL = "\x1b[2J\x1b[H";

/** A terminal in which rows are drawn in place, one drawing over the other. */
export class LoadScreen {
  readonly #output: NodeJS.WriteStream;
  #height = 0;
  #columns = 0;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  /** Rows as wide and as many as the terminal has room for. */
  draw(rows: Rows): void {
    const { columns, rows: height } = this.#output;
    // The last line stays empty: a terminal that scrolls would move what is drawn over.
    const lines = rows
      .slice(0, Math.max(1, height - 1))
      .map((row) => spansText(row, columns, this.#output.hasColors()));
    this.#output.write(
      `${HIDE_CURSOR}${this.#home}${lines.map((line) => `${line}\x1b[K\n`).join("")}${ERASE_BELOW}`,
    );
    this.#height = lines.length;
    this.#columns = columns;
  }

  /** Takes away what was drawn. */
  clear(): void {
    this.#output.write(`${this.#home}${ERASE_BELOW}${SHOW_CURSOR}`);
    this.#height = 0;
  }

  /** To where the drawing began. A terminal of another width has wrapped it anew, nobody knows how. */
  get #home(): string {
    if (this.#height > 0 && this.#output.columns !== this.#columns) return ERASE_ALL;
    return this.#height === 0 ? "" : `\x1b[${this.#height}A\r`;
  }
}
