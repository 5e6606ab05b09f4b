/** Somebody who waits for the other side of a connection. */
export interface Waiting {
  /** Called every {@link STALL_TICK_MS}. @param now milliseconds, monotonic. */
  onTick(now: number): void;
}

/**
 * Milliseconds between two looks. uWebSockets.js closes a connection on which a body or a write made no progress
 * for 10 s; that is too short for a reader that pauses, and whoever waits must show a sign of life before.
 */
export const STALL_TICK_MS = 4000;

/** One timer for all who wait, and none when nobody does. */
export class StallWatch {
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;

  add(waiting: Waiting): void {
    this.#waiting.add(waiting);
    this.#timer ??= setInterval(() => {
      const now = performance.now();
      for (const each of this.#waiting) each.onTick(now);
    }, STALL_TICK_MS);
  }

  delete(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
