import { setTimeout as sleep } from "node:timers/promises";

/** The real clock, also for a test that holds the clock of the code under test in its hand. */
const now = performance.now.bind(performance);

/**
 * Waits for a condition: calls `check` until it neither throws nor returns `false`, and resolves to what it
 * returned. `undefined` passes, so that a body of `expect` calls does.
 *
 * When the time is over it rejects with the last error of `check`, so that a failed test shows what was
 * wrong and not merely that something took long.
 *
 * @param check - the condition; may be async.
 * @param options - `timeoutMs` (default 60000, because others may take most of the
 * machine) and `intervalMs` between two calls (by default a 20th of the time that has passed, 10 to 50: a condition that
 * takes long is not worth a core).
 *
 * @example
 * ```ts
 * await eventually(() => expect(engine.reports.at(-1)?.max_perf).toBeGreaterThan(0));
 * await eventually(() => engine.ended.length === 2, { timeoutMs: 90_000 });
 * ```
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 60_000, intervalMs }: { readonly timeoutMs?: number; readonly intervalMs?: number } = {},
): Promise<Exclude<T, false>> {
  const begun = now();
  // Made here, while the caller is on the stack: the trace then names the line of the test.
  const timedOut = new Error(`condition not met within ${timeoutMs} ms`);
  for (;;) {
    let failure: unknown = timedOut;
    try {
      const value = await check();
      if (value !== false) return value as Exclude<T, false>;
    } catch (error) {
      failure = error;
    }
    const passed = now() - begun;
    if (passed >= timeoutMs) throw failure;
    await sleep(intervalMs ?? Math.min(50, Math.max(10, passed / 20)));
  }
}
