/** Columns of the bar. */
const COLUMNS = 30;

/** Shows how far something is: on a terminal in place, elsewhere a line for each quarter. */
export class ProgressLine {
  #shown = -1;

  show(done: number, all: number): void {
    const { isTTY } = process.stdout;
    const quarter = Math.floor((4 * done) / all);
    if (!isTTY && quarter === this.#shown) return;
    this.#shown = quarter;
    const filled = Math.round((COLUMNS * done) / all);
    const bar = "█".repeat(filled) + "░".repeat(COLUMNS - filled);
    const text = `step ${String(done).padStart(3)} of ${all}  ${bar}`;
    process.stdout.write(isTTY ? `\r${text}${done === all ? "\n" : ""}` : `${text}\n`);
  }
}
