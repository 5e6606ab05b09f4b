import { LRUCache } from "lru-cache";

/** Admitted requests to remember: about 10 MB. */
const WINDOW = 100_000;

/** The requests that were admitted last, by `reqnum` and `request_idx`, so that none of them is served again. */
export class ReplayWindow {
  // `has` does not refresh an entry, so that repeated requests cannot evict the others.
  readonly #seen = new LRUCache<string, true>({ max: WINDOW });

  has(reqnum: number, requestIdx: number): boolean {
    return this.#seen.has(keyOf(reqnum, requestIdx));
  }

  add(reqnum: number, requestIdx: number): void {
    this.#seen.set(keyOf(reqnum, requestIdx), true);
  }

  /** The request failed, and its client may send it again. */
  forget(reqnum: number, requestIdx: number): void {
    this.#seen.delete(keyOf(reqnum, requestIdx));
  }
}

const keyOf = (reqnum: number, requestIdx: number): string => `${reqnum}/${requestIdx}`;
