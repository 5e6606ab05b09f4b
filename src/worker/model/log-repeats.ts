import type { LogMatched } from "../../../machines/events.js";
import type { Log } from "../../shared/log.js";

/** Milliseconds for which matches of one pattern are counted together. */
const WINDOW_MS = 5000;
/** Matches of a pattern in a window that are sent one by one. */
const PASSED = 20;
/** Longest part of a model's line that goes into the worker's own log. */
const SHOWN_LENGTH = 500;

/** Whether the line concerns the model's health. */
const isNews = (event: LogMatched): boolean => event.type !== "log.noted";

/**
 * Passes matches on to the worker and to its log, and counts those that repeat: the first few of each pattern, stale and
 * new lines apart, are passed on at once, the others as a number when the window is over. The last news is never held back
 * for longer: it is sent at the next {@link Repeats.settle} if it contradicts the one sent before, or with the number.
 */
export class Repeats {
  readonly #log: Log;
  readonly #send: (event: LogMatched) => void;
  /** Matches in this window by pattern. */
  readonly #counts = new Map<object, { stale: number; fresh: number; last: LogMatched }>();
  #window: NodeJS.Timeout | undefined;
  /** The last news that was not sent; undefined if newer ones were. */
  #held: LogMatched | undefined;
  #lastType: LogMatched["type"] | undefined;

  constructor(log: Log, send: (event: LogMatched) => void) {
    this.#log = log;
    this.#send = send;
  }

  /** @param pattern what matched, by identity. */
  add(event: LogMatched, pattern: object): void {
    this.#window ??= setTimeout(() => this.close(), WINDOW_MS);
    const count = this.#counts.get(pattern) ?? { stale: 0, fresh: 0, last: event };
    count.last = event;
    const repeats = event.stale ? ++count.stale : ++count.fresh;
    this.#counts.set(pattern, count);
    if (repeats <= PASSED) {
      this.#show(event, { line: event.line.slice(0, SHOWN_LENGTH) }, "model log");
      this.#pass(event);
    } else if (isNews(event)) this.#held = event;
  }

  /** To be called between chunks of the log, after the event loop has run. */
  settle(): void {
    if (this.#held !== undefined && this.#held.type !== this.#lastType) this.#pass(this.#held);
  }

  /** Ends the window: logs how many were not shown. */
  close(): void {
    clearTimeout(this.#window);
    this.#window = undefined;
    for (const { stale, fresh, last } of this.#counts.values()) {
      const more = Math.max(0, stale - PASSED) + Math.max(0, fresh - PASSED);
      if (more > 0)
        this.#show(last, { more }, `model log: … and ${more.toLocaleString("en")} more lines matched`);
    }
    this.#counts.clear();
    if (this.#held !== undefined) this.#pass(this.#held);
  }

  #show({ type, match }: LogMatched, facts: object, message: string): void {
    this.#log[type === "log.failed" ? "error" : "info"](
      { ...facts, match: match.slice(0, SHOWN_LENGTH) },
      message,
    );
  }

  #pass(event: LogMatched): void {
    if (isNews(event)) {
      this.#held = undefined;
      this.#lastType = event.type;
    }
    this.#send(event);
  }
}
