import type { AuthData } from "../../shared/wire.js";
import type { NotRouted } from "../engine-events.js";
import type { RollingLoad } from "../scaling/rolling-load.js";
import type { Roster, Terms } from "../workers/roster.js";
import type { RequestNumbers } from "./request-numbers.js";
import type { Waitlist } from "./waitlist.js";

/** What a client asks for. */
export interface RouteQuestion {
  /** 0, or one that was never given out: a new request; an earlier one: the same asks again. */
  readonly askedIdx: number;
  /** Workload. */
  readonly cost: number;
  /** Seconds after which the request is forgotten when nobody asks for it. */
  readonly replayTimeout: number;
}

interface DispatcherInput {
  /** The endpoint's name now: it may change. */
  readonly endpoint: () => string;
  readonly roster: Roster;
  readonly waitlist: Waitlist;
  readonly load: RollingLoad;
  readonly numbers: RequestNumbers;
  /** Told of the cost of each request that is new. */
  readonly onRequested: (cost: number) => void;
  readonly terms: () => Terms;
  /** How many workers are in which state. */
  readonly summary: (now: number) => string;
  /** Base64 signature over a URL. */
  readonly sign: (url: string) => string;
}

/**
 * Answers clients that ask for a worker.
 *
 * A request keeps its `request_idx` for as long as its client names it when it asks again, and its load
 * counts once until it is forgotten; each answer that sends it to a worker has a `reqnum` of its own. Where
 * workers have room again, those that have waited longer go first.
 */
export class Dispatcher {
  readonly #input: DispatcherInput;
  /** When it was asked last, in seconds of a clock that never jumps; undefined: never. */
  #lastAskedAt: number | undefined;

  constructor(input: DispatcherInput) {
    this.#input = input;
  }

  get lastAskedAt(): number | undefined {
    return this.#lastAskedAt;
  }

  /** @param now - seconds of a clock that never jumps. */
  dispatch({ askedIdx, cost, replayTimeout }: RouteQuestion, now: number): AuthData | NotRouted {
    const { endpoint, load, numbers, roster, summary, terms, waitlist, onRequested } = this.#input;
    this.#sweep(now);
    this.#lastAskedAt = now;
    const asksAgain = numbers.wasGiven(askedIdx);
    const requestIdx = asksAgain ? askedIdx : numbers.nextRequestIdx();
    if (!asksAgain) onRequested(cost);
    if (!waitlist.ask(requestIdx, { cost, at: now, replayTimeout })) load.add(cost, now);
    const worker = this.#isItsTurn(requestIdx, now)
      ? roster.assign(requestIdx, cost, now, terms())
      : undefined;
    if (worker) {
      waitlist.leave(requestIdx);
      return this.#authData(worker.url, cost, requestIdx);
    }
    waitlist.wait(requestIdx);
    return { endpoint: endpoint(), status: summary(now), request_idx: requestIdx };
  }

  /** What a new request for the worker at `url` would be answered, whether there is such a worker or not. */
  authDataFor(url: string, cost: number): AuthData {
    return this.#authData(url, cost, this.#input.numbers.nextRequestIdx());
  }

  /** Whether there is room when all who wait longer have had theirs. */
  #isItsTurn(requestIdx: number, now: number): boolean {
    const { roster, terms, waitlist } = this.#input;
    if (waitlist.size === 0) return true;
    const room = roster.room(now, terms());
    const before = waitlist.loadBefore(requestIdx, now, room);
    return before === 0 || before < room;
  }

  /** At most once a second: it looks at every request. */
  #sweep(now: number): void {
    if (this.#lastAskedAt === undefined || Math.floor(now) !== Math.floor(this.#lastAskedAt)) {
      this.#input.waitlist.sweep(now);
    }
  }

  #authData(url: string, cost: number, requestIdx: number): AuthData {
    return {
      cost: String(cost),
      endpoint: this.#input.endpoint(),
      reqnum: this.#input.numbers.nextReqnum(),
      request_idx: requestIdx,
      signature: this.#input.sign(url),
      url,
    };
  }
}
