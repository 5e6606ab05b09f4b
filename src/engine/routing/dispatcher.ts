import type { AuthData } from "../../shared/wire.js";
import type { RollingLoad } from "../scaling/rolling-load.js";
import type { RoutingTable, RoutingTerms } from "./routing-table.js";
import type { Waitlist } from "./waitlist.js";

/** A request of a client for a worker. */
export interface RouteRequest {
  /** 0, or one that was never given out: a new request; an earlier one: the same request asks again. */
  readonly askedIdx: number;
  /** Workload. */
  readonly cost: number;
  /** Seconds after which the request is forgotten when its client does not ask again. */
  readonly replayTimeout: number;
}

/** The answer of `/route/` while no worker is ready. */
export interface NotRouted {
  readonly endpoint: string;
  /** Number of workers in each state. */
  readonly status: string;
  readonly request_idx: number;
}

interface DispatcherInput {
  /** The endpoint's current name. */
  readonly endpoint: () => string;
  readonly routing: RoutingTable;
  readonly waitlist: Waitlist;
  readonly load: RollingLoad;
  readonly numbers: RequestNumbers;
  /** Called with the cost of each new request. */
  readonly onRequested: (cost: number) => void;
  readonly terms: () => RoutingTerms;
  /** Number of workers in each state. */
  readonly summary: (now: number) => string;
  /** Base64 signature over a URL. */
  readonly sign: (url: string) => string;
}

/**
 * Routes requests to workers.
 *
 * A request that asks again with its `request_idx` keeps it, and its load counts once until it is forgotten; each answer
 * that sends it to a worker has a new `reqnum`. Of waiting requests the oldest is routed first. A client that asks again
 * after such an answer could not reach that worker: it gets another one.
 */
export class Dispatcher {
  readonly #input: DispatcherInput;
  /** Time of the last request, in seconds of a monotonic clock; undefined: there was none. */
  #lastAskedAt: number | undefined;

  constructor(input: DispatcherInput) {
    this.#input = input;
  }

  get lastAskedAt(): number | undefined {
    return this.#lastAskedAt;
  }

  /** @param now - seconds of a monotonic clock. */
  dispatch({ askedIdx, cost, replayTimeout }: RouteRequest, now: number): AuthData | NotRouted {
    const { endpoint, load, numbers, routing, summary, terms, waitlist, onRequested } = this.#input;
    this.#sweep(now);
    this.#lastAskedAt = now;
    const asksAgain = numbers.wasGiven(askedIdx);
    const requestIdx = asksAgain ? askedIdx : numbers.nextRequestIdx();
    if (!asksAgain) onRequested(cost);
    if (!waitlist.ask(requestIdx, { cost, at: now, replayTimeout })) load.add(cost, now);
    const previous = waitlist.assignment(requestIdx);
    if (previous && waitlist.leave(requestIdx)) routing.missed(requestIdx, previous, now);
    const worker = this.#isItsTurn(requestIdx, now)
      ? routing.assign(requestIdx, cost, now, { ...terms(), previous })
      : undefined;
    if (worker) {
      waitlist.assign(requestIdx, { workerId: worker.id, url: worker.url, at: now });
      return this.#authData(worker.url, cost, requestIdx);
    }
    waitlist.wait(requestIdx);
    return { endpoint: endpoint(), status: summary(now), request_idx: requestIdx };
  }

  /** The answer that sends a new request to the worker at `url`, whether that worker is known or not. */
  authDataFor(url: string, cost: number): AuthData {
    return this.#authData(url, cost, this.#input.numbers.nextRequestIdx());
  }

  /** Whether there is room beyond that for the requests that have waited longer. */
  #isItsTurn(requestIdx: number, now: number): boolean {
    const { routing, terms, waitlist } = this.#input;
    if (waitlist.size === 0) return true;
    const room = routing.room(now, terms());
    const before = waitlist.loadBefore(requestIdx, now, room);
    return before === 0 || before < room;
  }

  /** At most once a second, because it is O(n) in the requests. */
  #sweep(now: number): void {
    if (this.#lastAskedAt === undefined || Math.floor(now) !== Math.floor(this.#lastAskedAt)) {
      this.#input.waitlist.sweep(now);
    }
  }

  #authData(url: string, cost: number, requestIdx: number): AuthData {
    return {
      cost,
      endpoint: this.#input.endpoint(),
      reqnum: this.#input.numbers.nextReqnum(),
      request_idx: requestIdx,
      signature: this.#input.sign(url),
      url,
    };
  }
}

/** The numbers of requests. None is given out twice as long as the state is kept. */
export class RequestNumbers {
  #lastRequestIdx: number;
  #lastReqnum: number;

  constructor(last: { readonly requestIdx: number; readonly reqnum: number } = { requestIdx: 0, reqnum: 0 }) {
    this.#lastRequestIdx = last.requestIdx;
    this.#lastReqnum = last.reqnum;
  }

  get last(): { readonly requestIdx: number; readonly reqnum: number } {
    return { requestIdx: this.#lastRequestIdx, reqnum: this.#lastReqnum };
  }

  wasGiven(requestIdx: number): boolean {
    return requestIdx > 0 && requestIdx <= this.#lastRequestIdx;
  }

  nextRequestIdx(): number {
    this.#lastRequestIdx += 1;
    return this.#lastRequestIdx;
  }

  nextReqnum(): number {
    this.#lastReqnum += 1;
    return this.#lastReqnum;
  }
}
