import { isLoopback } from "../../shared/url.js";
import type { Access } from "../config/access-config.js";
import { answers, type WorkerAnswer } from "../server/answer.js";
import type { RequestHead } from "../server/http-server.js";
import type { ApiKey, KeyRefusal } from "./api-key.js";
import type { ApiKeys } from "./api-keys.js";

/** Who sends a request. */
export type Caller =
  | { readonly kind: "key"; readonly key: ApiKey }
  /** Access is open. */
  | { readonly kind: "anybody" }
  | { readonly kind: "refused"; readonly answer: WorkerAnswer };

/** Decides about the sender of a plain request by its head. */
export interface PlainAccess {
  check(head: RequestHead): Caller;
}

/** The access of a mode; undefined where requests are signed envelopes. @param cors origins whose pages may call. */
export function plainAccessOf(
  access: Access,
  keys: ApiKeys | undefined,
  cors: readonly string[],
): PlainAccess | undefined {
  if (access.mode === "open") return new OpenAccess(access, cors);
  return keys === undefined ? undefined : new KeyAccess(keys);
}

/** Access with API keys: `Authorization: Bearer`. */
class KeyAccess implements PlainAccess {
  readonly #keys: ApiKeys;

  constructor(keys: ApiKeys) {
    this.#keys = keys;
  }

  check(head: RequestHead): Caller {
    const [, sent = ""] = /^Bearer +(\S+) *$/i.exec(head.header("authorization")) ?? [];
    if (sent === "") return { kind: "refused", answer: answers.missingKey() };
    const key = this.#keys.find(sent);
    return key === undefined ? { kind: "refused", answer: answers.unknownKey() } : { kind: "key", key };
  }
}

/**
 * Access for everybody who reaches the port. On loopback that includes the pages that the machine's user visits: those of other
 * origins are refused, and so are requests to another host's name, by which a page could pass for the worker's own.
 */
class OpenAccess implements PlainAccess {
  readonly #anywhere: boolean;
  readonly #origins: ReadonlySet<string>;

  /** @param origins whose pages may call, from the option `cors`. */
  constructor({ anywhere }: Extract<Access, { mode: "open" }>, origins: readonly string[]) {
    this.#anywhere = anywhere;
    this.#origins = new Set(origins);
  }

  check(head: RequestHead): Caller {
    if (!this.#anywhere && !isLoopback(hostOf(head.header("host"))))
      return { kind: "refused", answer: answers.foreignHost() };
    const origin = head.header("origin");
    const isAllowed = origin === "" || this.#origins.has("*") || this.#origins.has(origin);
    return isAllowed ? { kind: "anybody" } : { kind: "refused", answer: answers.foreignPage() };
  }
}

/** A `Host` header without its port. */
const hostOf = (host: string): string => host.replace(/:\d+$/, "").toLowerCase();

/** The answer to a request beyond the limits of its key. */
export function keyRefusalAnswer(refusal: KeyRefusal): WorkerAnswer {
  if (refusal.limit === "concurrency") return answers.tooManyAtOnce(refusal.most);
  const { limit, most, needed, retryAfter } = refusal;
  if (retryAfter === undefined) return answers.tooHeavy(needed, most);
  return answers.rateLimited(limit === "requests" ? "requests" : "units of workload", most, retryAfter);
}
