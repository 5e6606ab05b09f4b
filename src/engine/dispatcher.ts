import type { AuthData } from "../wire.js";
import type { NotRouted } from "./engine-events.js";
import type { Ledger } from "./ledger.js";
import type { Roster } from "./roster.js";

interface DispatcherInput {
  readonly endpoint: string;
  readonly roster: Roster;
  readonly ledger: Ledger;
  /** Base64 signature over a URL. */
  readonly sign: (url: string) => string;
}

/**
 * Answers clients that ask for a worker.
 *
 * A request keeps its `request_idx` for as long as its client names it when it asks again; each answer that
 * sends it to a worker has a `reqnum` of its own.
 */
export class Dispatcher {
  readonly #input: DispatcherInput;
  #lastRequestIdx = 0;
  #lastReqnum = 0;

  constructor(input: DispatcherInput) {
    this.#input = input;
  }

  /**
   * @param askedIdx - 0, or one that was never given out: a new request; an earlier one: the same asks again.
   * @param cost - workload.
   * @param now - epoch seconds.
   */
  dispatch(askedIdx: number, cost: number, now: number): AuthData | NotRouted {
    const { endpoint, ledger, roster } = this.#input;
    const asksAgain = askedIdx > 0 && askedIdx <= this.#lastRequestIdx;
    const requestIdx = asksAgain ? askedIdx : this.#nextRequestIdx();
    if (!asksAgain) ledger.recordRequested(cost);
    const worker = roster.assign(requestIdx, cost, now);
    if (worker) return this.#authData(worker.url, cost, requestIdx);
    return { endpoint, status: roster.summary(now), request_idx: requestIdx };
  }

  /** What a new request for the worker at `url` would be answered, whether there is such a worker or not. */
  authDataFor(url: string, cost: number): AuthData {
    return this.#authData(url, cost, this.#nextRequestIdx());
  }

  #nextRequestIdx(): number {
    this.#lastRequestIdx += 1;
    return this.#lastRequestIdx;
  }

  #authData(url: string, cost: number, requestIdx: number): AuthData {
    this.#lastReqnum += 1;
    return {
      cost: String(cost),
      endpoint: this.#input.endpoint,
      reqnum: this.#lastReqnum,
      request_idx: requestIdx,
      signature: this.#input.sign(url),
      url,
    };
  }
}
