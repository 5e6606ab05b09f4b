import type { Account, Credentials } from "../account/account.js";
import type { Places } from "./places.js";

/** What an endpoint reaches the world by. */
export interface Link {
  readonly fetch: typeof fetch;
  readonly engineUrl: string;
  readonly places: Places;
  readonly account: Account;
  /** What opens the endpoint, where the caller said so. */
  readonly given: Partial<Credentials>;
}
