import type { LoadOptions } from "../../load/load-options.js";
import type { LoadTest } from "../../load/load-test.js";
import { LoadScreen } from "../command/terminal.js";
import { liveLine, liveRows } from "./load-view.js";

const REDRAW_MS = 500;

/** Shows a load test's progress on standard error: a table in a terminal, otherwise a line per interval. */
export class LoadDisplay {
  readonly #options: LoadOptions;
  readonly #intervalMs: number;
  readonly #screen = process.stderr.isTTY ? new LoadScreen(process.stderr) : undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param interval seconds between two lines. */
  constructor(options: LoadOptions, interval: number) {
    this.#options = options;
    this.#intervalMs = interval * 1000;
    // A reader of the output may leave: the test continues.
    process.stderr.on("error", () => {});
  }

  show(test: LoadTest, interrupt: AbortSignal): void {
    const show = (): void => {
      const { totals, series, plannedSeconds } = test;
      const reading = { totals, series, plannedSeconds, isEnding: interrupt.aborted };
      if (this.#screen) this.#screen.draw(liveRows(this.#options, reading, process.stderr.columns));
      else console.error(liveLine(reading));
    };
    interrupt.addEventListener("abort", () => this.#timer && show(), { once: true });
    this.#timer = setInterval(show, this.#screen ? REDRAW_MS : this.#intervalMs);
    if (this.#screen) show();
  }

  /** Stops; a table is erased. */
  end(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#screen?.clear();
  }
}
