/** Milliseconds of silence after which requests that still run are no sign of life any more. */
const SILENCE_LIMIT_MS = 300_000;
/** Milliseconds between two notices of lost connections: a flood of failing requests makes no flood of events. */
const NOTICE_PAUSE_MS = 1000;

/**
 * Evidence of the model's health from requests: whether it sends anything, and whether connections to it are lost. Written to by
 * every request, so it is plain numbers; read when a probe fails.
 */
export class ModelActivity {
  /** Chunks that the model has sent, counted by each reader. */
  chunks = 0;
  readonly #running: () => number;
  readonly #now: () => number;
  #chunksAtSuccess = 0;
  #chunksBefore = 0;
  /** When a change of `chunks` was last noticed. Milliseconds, monotonic. */
  #changedAt: number;
  #onLost: (() => void) | undefined;
  #noticedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param running number of requests that run now.
   * @param now milliseconds, monotonic.
   */
  constructor(running: () => number = () => 0, now: () => number = () => performance.now()) {
    this.#running = running;
    this.#now = now;
    this.#changedAt = now();
  }

  /** A probe of the model succeeded. */
  probeSucceeded(): void {
    this.#chunksAtSuccess = this.chunks;
    this.#noteChange();
  }

  /**
   * Whether the model serves requests, though a probe fails: it has sent something since the last probe that succeeded,
   * and requests run, or did so during the probe. A model that has been silent for 5 min counts as hanging.
   *
   * @param chunksAtStart `chunks` when the probe began.
   */
  isAnswering(chunksAtStart: number): boolean {
    this.#noteChange();
    if (this.chunks !== chunksAtStart) return true;
    return (
      this.#running() > 0 &&
      this.chunks !== this.#chunksAtSuccess &&
      this.#now() - this.#changedAt < SILENCE_LIMIT_MS
    );
  }

  /** The connection of a request could not be made, or broke off. */
  connectionLost(): void {
    if (this.#onLost === undefined || this.#now() - this.#noticedAt < NOTICE_PAUSE_MS) return;
    this.#noticedAt = this.#now();
    this.#onLost();
  }

  /** @returns removes the listener. */
  onConnectionLost(listener: () => void): () => void {
    this.#onLost = listener;
    return () => {
      if (this.#onLost === listener) this.#onLost = undefined;
    };
  }

  #noteChange(): void {
    if (this.chunks === this.#chunksBefore) return;
    this.#chunksBefore = this.chunks;
    this.#changedAt = this.#now();
  }
}
