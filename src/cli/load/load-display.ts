import type { LoadOptions } from "../../load/load-options.js";
import type { LoadTest } from "../../load/load-test.js";
import { LoadScreen } from "./load-screen.js";
import { liveLine, liveRows } from "./load-view.js";

const REDRAW_MS = 500;

/** Shows on standard error how a load test gets on: a table in a terminal, otherwise a line from time to time. */
export class LoadDisplay {
  readonly #options: LoadOptions;
  readonly #intervalMs: number;
  readonly #screen = process.stderr.isTTY ? new LoadScreen(process.stderr) : undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param interval seconds between two lines. */
  constructor(options: LoadOptions, interval: number) {
    this.#options = options;
    this.#intervalMs = interval * 1000;
    // Whoever watched may leave: the test goes on.
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

  /** Shows no more; a table is taken away. */
  end(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#screen?.clear();
  }
}
