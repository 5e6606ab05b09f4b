import type { Outcome } from "../../../machines/events.js";
import { Durations } from "./durations.js";

/** Names beyond this number are counted together: each has some 25 series in the text of a scrape. */
const MAX_NAMES = 200;

/** Name under which the others are counted. No API key has it: it is no name. */
const OTHERS = "(others)";

/** Counters of the requests with one API key. Each method is called on the path of every such request. */
export class KeyMetrics {
  readonly name: string;
  /** Number of admitted requests that wait for their turn. */
  waiting = 0;
  /** Workload of the requests whose turn has come. */
  workload = 0;
  /** Arrival to start of the requests that started. */
  readonly wait = new Durations();
  /** Number of ended requests by outcome. */
  readonly outcomes: Record<Outcome, number> = { success: 0, error: 0, cancelled: 0, rejected: 0 };

  constructor(name: string) {
    this.name = name;
  }

  /**
   * A waiting request's turn has come.
   *
   * @param waitMs milliseconds since its arrival.
   */
  started(workload: number, waitMs: number): void {
    this.waiting--;
    this.workload += workload;
    this.wait.observe(waitMs);
  }
}

/** The metrics of API keys by their names, from their first request on. They stay when a key is removed: counters never go down. */
export class KeysMetrics implements Iterable<KeyMetrics> {
  readonly #keys = new Map<string, KeyMetrics>();

  [Symbol.iterator](): Iterator<KeyMetrics> {
    return this.#keys.values();
  }

  of(name: string): KeyMetrics {
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    if (this.#keys.size >= MAX_NAMES && name !== OTHERS) return this.of(OTHERS);
    const key = new KeyMetrics(name);
    this.#keys.set(name, key);
    return key;
  }
}
