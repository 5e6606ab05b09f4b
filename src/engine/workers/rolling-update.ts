import type { WorkerFacts } from "../machines/worker-events.js";

/** The workers that updates replace. */
export interface UpdatedWorkers {
  /** The workers of a group that are not being destroyed. */
  readonly idsOf: (groupId: number) => readonly number[];
  /** A worker as it is now; undefined: it does not exist any more. */
  readonly facts: (id: number) => WorkerFacts | undefined;
  /** Whether a worker has no requests. */
  readonly isQuiet: (id: number) => boolean;
  /** Orders a worker of a group that is to serve. @returns its id. */
  readonly recruit: (groupId: number) => number;
  readonly destroy: (id: number) => void;
}

/** How far an update is. */
export interface UpdateState {
  readonly state: "in progress" | "complete" | "stopped" | "cancelled";
  /** Why it stopped; null in all other states. */
  readonly reason: string | null;
}

interface RollingUpdateInput {
  readonly groupId: number;
  readonly workers: UpdatedWorkers;
  /** Called with messages for people. */
  readonly onNotice: (notice: string) => void;
}

interface Pair {
  readonly old: number;
  readonly replacement: number;
}

interface Retiring {
  readonly id: number;
  readonly since: number;
  isDestroyed: boolean;
}

/** Seconds that the requests of a worker may take to end before it is destroyed. */
const MAX_DRAIN = 600;

/**
 * Replaces the workers of a workergroup, one after the other. A worker that serves stays until its replacement is ready; then
 * it gets no more requests, and is destroyed when its requests have ended. The update stops when a replacement fails.
 */
export class RollingUpdate {
  readonly size: number;
  #state: UpdateState = { state: "in progress", reason: null };
  readonly #input: RollingUpdateInput;
  /** Ids of the workers to replace, in this order. */
  readonly #outdated: number[];
  /** A worker that serves until its replacement is ready. */
  #pair: Pair | undefined;
  #retiring: Retiring | undefined;
  #isStepping = false;

  constructor(input: RollingUpdateInput) {
    this.#input = input;
    this.#outdated = [...input.workers.idsOf(input.groupId)];
    this.size = this.#outdated.length;
    this.#notify(`began, with ${this.size} workers`);
  }

  get state(): UpdateState {
    return this.#state;
  }

  get #isOver(): boolean {
    return this.#state.state !== "in progress";
  }

  /** Whether a worker gets no more requests, and is destroyed when its requests have ended. */
  isRetiring(id: number): boolean {
    return this.#retiring?.id === id;
  }

  /** Whether a worker exists beside the one that it replaces. */
  isExtra(id: number): boolean {
    return this.#pair?.replacement === id || this.isRetiring(id);
  }

  /** Does what is due. @param now - seconds of a monotonic clock. */
  step(now: number): void {
    // Orders change workers, which leads here again.
    if (this.#isStepping) return;
    this.#isStepping = true;
    while (!this.#isOver && this.#advance(now)) {}
    this.#isStepping = false;
  }

  /**
   * Ends the update. A replacement that is not ready yet is destroyed; the worker that it was meant for stays.
   *
   * @returns whether it was in progress.
   */
  cancel(): boolean {
    if (this.#isOver) return false;
    this.#end("cancelled", "was cancelled");
    return true;
  }

  #end(state: UpdateState["state"], notice: string, reason: string | null = null): void {
    this.#state = { state, reason };
    if (this.#pair) this.#input.workers.destroy(this.#pair.replacement);
    this.#pair = undefined;
    this.#retiring = undefined;
    this.#notify(notice);
  }

  /** @returns whether something else may be due. */
  #advance(now: number): boolean {
    if (this.#retiring) return this.#retire(this.#retiring, now);
    if (this.#pair) return this.#swap(this.#pair, now);
    const { workers, groupId } = this.#input;
    const id = this.#outdated.shift();
    if (id === undefined) {
      this.#end("complete", "is complete");
      return false;
    }
    const status = workers.facts(id)?.status;
    if (status === "idle") this.#pair = { old: id, replacement: workers.recruit(groupId) };
    // If it does not serve, a plan orders another one where it is needed.
    else if (status !== undefined)
      this.#retiring = { id, since: Number.NEGATIVE_INFINITY, isDestroyed: false };
    return true;
  }

  #swap({ old, replacement }: Pair, now: number): boolean {
    const created = this.#input.workers.facts(replacement);
    if (created === undefined || created.status === "error" || created.status === "destroying") {
      const reason = created?.failure?.message ?? "it was destroyed";
      const failure = `the new worker ${replacement} failed: ${reason}. Worker ${old} stays`;
      this.#end("stopped", `stopped, because ${failure}`, failure);
      return false;
    }
    if (created.status !== "idle") return false;
    this.#pair = undefined;
    this.#retiring = { id: old, since: now, isDestroyed: false };
    this.#notify(`replaces worker ${old} by worker ${replacement}`);
    return true;
  }

  #retire(retiring: Retiring, now: number): boolean {
    const { workers } = this.#input;
    const { id, since } = retiring;
    const isDue = !retiring.isDestroyed && (now - since > MAX_DRAIN || workers.isQuiet(id));
    if (isDue) {
      retiring.isDestroyed = true;
      workers.destroy(id);
    }
    const isGone = workers.facts(id) === undefined;
    if (isGone) this.#retiring = undefined;
    return isGone;
  }

  #notify(text: string): void {
    this.#input.onNotice(`the update of workergroup ${this.#input.groupId} ${text}`);
  }
}
