import type { Outcome } from "../../../machines/events.js";
import type { Handler } from "../config/config.js";
import type { Entry } from "../report/ledger.js";

/** Looks at single requests, for whoever wants to see where their time goes. */
export interface RequestObserver {
  /** A request came. @returns undefined where this one is not looked at. */
  begin(id: string, handler: Handler): RequestMarks | undefined;
}

/** Hears how one request goes on; each at most once, and of its end last. */
export interface RequestMarks {
  /** It was read, checked, and taken in. */
  admitted(entry: Entry, session: string | null): void;
  /** Its turn has come. */
  started(): void;
  /** The answer has begun. */
  firstByte(): void;
  ended(outcome: Outcome, status: number): void;
}
