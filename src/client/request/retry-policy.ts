/** Options of retries. */
export interface RetryOptions {
  /** Maximum number of tries, the first one included. Integer of at least 1. @default no limit; 8 in a session */
  readonly attempts?: number | undefined;
  /** Milliseconds after the call in which a further try may begin. @default no limit; 300000 (5 minutes) in a session */
  readonly withinMs?: number | undefined;
  /** Longest pause before the second try, in milliseconds; it doubles with each further one. @default 500 */
  readonly firstWaitMs?: number | undefined;
  /** Longest pause before any try, in milliseconds; a worker's `Retry-After` may require more. @default 10000 */
  readonly longestWaitMs?: number | undefined;
}

export type RetryPolicy = Readonly<Record<keyof RetryOptions, number>>;

/** Limits of retries that always go to the same worker, which may have died: those of a session. */
const SAME_WORKER = { attempts: 8, withinMs: 300_000 };
const UNLIMITED = { attempts: Number.POSITIVE_INFINITY, withinMs: Number.POSITIVE_INFINITY };

/**
 * The options with their defaults; undefined: no retries.
 *
 * @param timeoutMs - milliseconds that the whole request may take: no try begins after that.
 */
export function retryPolicy(
  retry: RetryOptions | false | undefined,
  {
    timeoutMs = Number.POSITIVE_INFINITY,
    inSession = false,
  }: { readonly timeoutMs?: number | undefined; readonly inSession?: boolean } = {},
): RetryPolicy | undefined {
  if (retry === false) return undefined;
  const defaults = inSession ? SAME_WORKER : UNLIMITED;
  const { attempts = defaults.attempts, withinMs = defaults.withinMs } = retry ?? {};
  const { firstWaitMs = 500, longestWaitMs = 10_000 } = retry ?? {};
  return { attempts, withinMs: Math.min(withinMs, timeoutMs), firstWaitMs, longestWaitMs };
}

interface Failures {
  /** Failed tries. */
  readonly count: number;
  /** Milliseconds since the call. */
  readonly elapsedMs: number;
  /** Milliseconds of the last refusal's `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * Milliseconds before the next try; undefined: there is none. The pause is drawn between 0 and a limit that doubles, so
 * that clients which failed together do not retry together. One that would exceed the time is drawn from half of the rest,
 * as long as that is more than the first pause.
 */
export function nextWait(policy: RetryPolicy, failures: Failures, random = Math.random): number | undefined {
  const { attempts, withinMs, firstWaitMs, longestWaitMs } = policy;
  const { count, elapsedMs, retryAfterMs = 0 } = failures;
  if (count >= attempts) return undefined;
  const limit = Math.min(longestWaitMs, firstWaitMs * 2 ** (count - 1));
  const share = random();
  const waitMs = Math.max(retryAfterMs, share * limit);
  const leftMs = withinMs - elapsedMs;
  if (waitMs <= leftMs) return waitMs;
  return retryAfterMs > leftMs || leftMs <= firstWaitMs
    ? undefined
    : Math.max(retryAfterMs, (share * leftMs) / 2);
}

/**
 * Whether the same request may succeed later, or at another worker, after a response with this status. 501 is permanent:
 * the server does not have the function.
 */
export const isRetryable = (status: number): boolean =>
  status === 408 || status === 429 || (status >= 500 && status !== 501);

/** Milliseconds of a `Retry-After` header, in seconds or as a date; undefined: there is none, or it is invalid. */
export function retryAfterMs({ headers }: Response): number | undefined {
  const text = headers.get("retry-after")?.trim();
  if (!text) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // `Date.parse` accepts almost any text; a date of HTTP ends in its zone.
  const ms = text.endsWith(" GMT") ? Date.parse(text) - sentAt(headers) : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** The response's own date, because the clocks of the two machines may differ. */
function sentAt(headers: Headers): number {
  const date = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(date) ? Date.now() : date;
}
