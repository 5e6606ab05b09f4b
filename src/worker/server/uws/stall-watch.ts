/** Waits for the other side of a connection. */
export interface StallListener {
  /** Called every {@link STALL_TICK_MS}. @param now milliseconds, monotonic. */
  onTick(now: number): void;
}

/**
 * Milliseconds between two ticks. uWebSockets.js closes a connection on which a body or a write makes no progress for 10 s,
 * which is too short for a reader that pauses: the listener causes some progress before.
 */
export const STALL_TICK_MS = 4000;

/** One timer for all listeners, and none without listeners. */
export class StallWatch {
  readonly #listeners = new Set<StallListener>();
  #timer: NodeJS.Timeout | undefined;

  add(listener: StallListener): void {
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => {
      const now = performance.now();
      for (const each of this.#listeners) each.onTick(now);
    }, STALL_TICK_MS);
  }

  delete(listener: StallListener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
