import type { Assignment } from "./routing-table.js";

interface WaitingRequest {
  readonly cost: number;
  /** Time of its client's last call, in seconds of a monotonic clock. */
  readonly at: number;
  /** Seconds after which it is forgotten when its client does not ask again. */
  readonly replayTimeout: number;
}

interface KnownRequest extends WaitingRequest {
  /** The worker that it was sent to last. */
  assignment: Assignment | undefined;
  /** Whether it has neither asked again since nor been reported as ended. */
  isAtWorker: boolean;
}

/**
 * Seconds after its client's last call for which a request keeps its place and counts as load. Clients ask at least every
 * 6 s.
 */
const STALE_SECONDS = 10;
/** Beyond it, the oldest request is forgotten. */
const MAX_REQUESTS = 100_000;

/**
 * The requests that may ask again, and the order of those that wait for a worker.
 */
export class Waitlist {
  /** By `request_idx`; waiting or not. */
  readonly #asked = new Map<number, KnownRequest>();
  /** In the order in which they began to wait. */
  readonly #waiting = new Set<number>();

  /** Records a call. @returns whether the request was known, and its load counted before. */
  ask(requestIdx: number, asked: WaitingRequest): boolean {
    const known = this.#asked.get(requestIdx);
    this.#asked.delete(requestIdx);
    this.#asked.set(requestIdx, {
      ...asked,
      assignment: known?.assignment,
      isAtWorker: known?.isAtWorker ?? false,
    });
    if (this.#asked.size > MAX_REQUESTS) {
      const [oldest] = this.#asked.keys();
      if (oldest !== undefined) this.forget(oldest);
    }
    return known !== undefined;
  }

  /** The request waits. If it waits already, it keeps its place. */
  wait(requestIdx: number): void {
    this.#waiting.add(requestIdx);
  }

  /** The request was sent to a worker. It may still ask again. */
  assign(requestIdx: number, assignment: Assignment): void {
    this.#waiting.delete(requestIdx);
    const request = this.#asked.get(requestIdx);
    if (request === undefined) return;
    request.assignment = assignment;
    request.isAtWorker = true;
  }

  /** The worker that the request was sent to last. */
  assignment(requestIdx: number): Assignment | undefined {
    return this.#asked.get(requestIdx)?.assignment;
  }

  /**
   * The request does not run at the worker any more: it ended there, or asks again.
   *
   * @returns whether it was thought to run there.
   */
  leave(requestIdx: number): boolean {
    const request = this.#asked.get(requestIdx);
    if (request?.isAtWorker !== true) return false;
    request.isAtWorker = false;
    return true;
  }

  /** The request has ended. */
  forget(requestIdx: number): void {
    this.#asked.delete(requestIdx);
    this.#waiting.delete(requestIdx);
  }

  /** Forgets requests that did not ask again within their replay time-out. */
  sweep(now: number): void {
    for (const [requestIdx, { at, replayTimeout }] of this.#asked) {
      if (now - at > replayTimeout) this.forget(requestIdx);
    }
  }

  /**
   * Workload of the requests that began to wait before this one and are not stale. Counting ends beyond `limit`.
   */
  loadBefore(requestIdx: number, now: number, limit: number): number {
    let load = 0;
    for (const each of this.#waiting) {
      if (each === requestIdx || load > limit) break;
      load += this.#loadOf(each, now);
    }
    return load;
  }

  /** Number of requests that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Workload of all waiting requests that are not stale. */
  load(now: number): number {
    let load = 0;
    for (const requestIdx of this.#waiting) load += this.#loadOf(requestIdx, now);
    return load;
  }

  /** Workload of a request; 0 when it is stale. */
  #loadOf(requestIdx: number, now: number): number {
    const asked = this.#asked.get(requestIdx);
    return asked !== undefined && now - asked.at <= STALE_SECONDS ? asked.cost : 0;
  }
}
