import { Semaphore } from "../../shared/semaphore.js";
import { RefusedRequest } from "../simulated-model.js";

interface SlotsInput {
  readonly count: number;
  /** Tokens of the whole context. */
  readonly contextLength: number;
  /** Whether each slot may use the whole context; otherwise each has its share of it. */
  readonly isShared: boolean;
}

/** A slot that processes a request. */
export interface Slot {
  readonly id: number;
  /** Tokens of the prompt that the slot still had from an earlier request. */
  readonly cached: number;
  /** Adds a generated token. */
  add(token: number): void;
  /** Frees the slot, which keeps its tokens for the next request that begins with them. */
  release(): void;
}

interface IdleSlot {
  readonly id: number;
  readonly tokens: readonly number[];
}

/**
 * The slots of llama.cpp's server: each processes a request, and further requests wait. Slots that share one context can fill it
 * together; then all of their requests fail.
 */
export class Slots {
  readonly count: number;
  /** Tokens of one slot. */
  readonly contextLength: number;
  /** Tokens of all processing slots together. */
  readonly #limit: number;
  readonly #turns: Semaphore;
  /** The least recently used slot is the first. */
  #idle: readonly IdleSlot[];
  readonly #processing = new Set<AbortController>();
  #used = 0;

  constructor({ count, contextLength, isShared }: SlotsInput) {
    this.count = count;
    this.contextLength = isShared ? contextLength : Math.floor(contextLength / count);
    this.#limit = isShared ? contextLength : Number.POSITIVE_INFINITY;
    this.#turns = new Semaphore(count);
    this.#idle = Array.from({ length: count }, (_, id) => ({ id, tokens: [] }));
  }

  /** Requests that wait for a slot. */
  get waiting(): number {
    return this.#turns.waiting;
  }

  get processing(): number {
    return this.#processing.size;
  }

  /**
   * Waits for a slot and fills it with a prompt.
   *
   * @param stop is aborted, with a {@link RefusedRequest}, when the slots have filled the context.
   * @throws the reason of `stop` when it is aborted before.
   */
  async acquire(prompt: readonly number[], stop: AbortController): Promise<Slot> {
    const endTurn = await this.#turns.acquire(stop.signal);
    const { id, cached } = this.#take(prompt);
    const tokens = [...prompt];
    this.#processing.add(stop);
    this.#use(tokens.length);
    return {
      id,
      cached,
      add: (token) => {
        tokens.push(token);
        this.#use(1);
      },
      release: () => {
        this.#processing.delete(stop);
        this.#used -= tokens.length;
        this.#idle = [...this.#idle, { id, tokens: stop.signal.aborted ? [] : tokens }];
        endTurn();
      },
    };
  }

  /** Takes the idle slot that has most of the prompt, or has been idle for longest. */
  #take(prompt: readonly number[]): { readonly id: number; readonly cached: number } {
    let taken = { id: 0, cached: -1 };
    for (const { id, tokens } of this.#idle) {
      // At least one token is evaluated.
      const cached = Math.min(commonLength(tokens, prompt), Math.max(0, prompt.length - 1));
      if (cached > taken.cached) taken = { id, cached };
    }
    this.#idle = this.#idle.filter(({ id }) => id !== taken.id);
    return taken;
  }

  #use(tokens: number): void {
    this.#used += tokens;
    if (this.#used <= this.#limit) return;
    for (const stop of this.#processing)
      stop.abort(new RefusedRequest(500, "Context size has been exceeded."));
  }
}

function commonLength(ones: readonly number[], others: readonly number[]): number {
  let length = 0;
  while (length < ones.length && length < others.length && ones[length] === others[length]) length += 1;
  return length;
}
