/** How a request that failed is tried again. */
export interface RetryOptions {
  /** Tries in all, the first one included. Integer of at least 1. @default 8 */
  readonly attempts?: number | undefined;
  /** Milliseconds after the call in which a further try may begin. @default 300000 (5 minutes) */
  readonly withinMs?: number | undefined;
  /** Longest wait before the second try, in milliseconds; it doubles with each further one. @default 500 */
  readonly firstWaitMs?: number | undefined;
  /** Longest wait before any try, in milliseconds; a worker's `Retry-After` may ask for more. @default 10000 */
  readonly longestWaitMs?: number | undefined;
}

export type RetryPolicy = Readonly<Record<keyof RetryOptions, number>>;

/**
 * The options with their defaults; undefined where nothing is to be tried again.
 *
 * @param timeoutMs - milliseconds that the whole request may take: no try begins after that.
 */
export function retryPolicy(
  retry: RetryOptions | false | undefined,
  timeoutMs = Number.POSITIVE_INFINITY,
): RetryPolicy | undefined {
  if (retry === false) return undefined;
  const { attempts = 8, withinMs = 300_000, firstWaitMs = 500, longestWaitMs = 10_000 } = retry ?? {};
  return { attempts, withinMs: Math.min(withinMs, timeoutMs), firstWaitMs, longestWaitMs };
}

/** What one more try depends on. */
interface Failures {
  /** Tries that have failed. */
  readonly count: number;
  /** Milliseconds since the call. */
  readonly elapsedMs: number;
  /** Milliseconds that whoever refused asks to be left alone. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * Milliseconds to wait before the next try; undefined: there is none any more. The wait is drawn between nothing and
 * a limit that doubles, so that clients which failed together do not come back together.
 */
export function nextWait(policy: RetryPolicy, failures: Failures, random = Math.random): number | undefined {
  const { attempts, withinMs, firstWaitMs, longestWaitMs } = policy;
  const { count, elapsedMs, retryAfterMs = 0 } = failures;
  if (count >= attempts) return undefined;
  const limit = Math.min(longestWaitMs, firstWaitMs * 2 ** (count - 1));
  const waitMs = Math.max(retryAfterMs, random() * limit);
  return elapsedMs + waitMs > withinMs ? undefined : waitMs;
}
