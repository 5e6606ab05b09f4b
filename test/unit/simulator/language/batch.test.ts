import { setMaxListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Batch } from "../../../../src/simulator/language/batch.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

const steady = () => new Batch({ tokensPerSecond: 100, batchTokensPerSecond: 1000, jitter: 0, seed: 1 });
const ENDLESS = 1_000_000;

/** One that many listen to. */
function ending(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** Tokens that so many sequences make together in a second. */
async function madeInASecond(sequences: number): Promise<number> {
  const batch = steady();
  const over = ending();
  const all = Array.from({ length: sequences }, () => batch.finish(ENDLESS, over.signal));
  await vi.advanceTimersByTimeAsync(1000);
  over.abort();
  await Promise.allSettled(all);
  return batch.made;
}

describe("a batch", () => {
  test.each([
    [1, 100],
    [5, 500],
    [10, 1000],
    [20, 1000],
    [200, 1000],
  ])(
    "of %i sequences makes %i tokens a second: it grows, and then is at its limit",
    async (count, tokens) => {
      expect(await madeInASecond(count)).toBe(tokens);
    },
  );

  test("of twice as many as it can take gives each half the rate", async () => {
    const batch = steady();
    const over = ending();
    const others = Array.from({ length: 19 }, () => batch.finish(ENDLESS, over.signal));
    let isOver = false;
    const one = batch.finish(50, over.signal).then(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(950);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(100);
    expect(isOver).toBe(true);
    over.abort();
    await Promise.allSettled([one, ...others]);
  });

  test("continues at full rate when the others have left", async () => {
    const batch = steady();
    const [over, leaving] = [ending(), ending()];
    const stays = batch.finish(ENDLESS, over.signal);
    const leave = Array.from({ length: 99 }, () => batch.finish(ENDLESS, leaving.signal));
    await vi.advanceTimersByTimeAsync(1000);
    leaving.abort();
    await Promise.allSettled(leave);
    const before = batch.made;
    await vi.advanceTimersByTimeAsync(1100);
    // The step in progress took as long as when it began.
    expect(batch.made - before).toBeGreaterThanOrEqual(100);
    expect(batch.made - before).toBeLessThanOrEqual(111);
    over.abort();
    await expect(stays).rejects.toThrow();
  });

  test("yields each token when it is made, and no more than were requested", async () => {
    const batch = steady();
    let taken = 0;
    const reading = (async () => {
      for await (const _ of batch.generate(3, new AbortController().signal)) taken += 1;
    })();
    await vi.advanceTimersByTimeAsync(9);
    expect(taken).toBe(0);
    await vi.advanceTimersByTimeAsync(11);
    expect(taken).toBe(2);
    await vi.advanceTimersByTimeAsync(1000);
    await reading;
    expect(taken).toBe(3);
    expect(batch.made).toBe(3);
  });

  test("does not wait for one who is slow to take", async () => {
    const batch = steady();
    const slow = batch.generate(10, new AbortController().signal);
    const first = slow.next();
    await vi.advanceTimersByTimeAsync(1000);
    await first;
    expect(batch.made).toBe(10);
    await slow.return();
  });

  test("makes no token for one who has left, and none for nothing", async () => {
    const batch = steady();
    const gone = AbortSignal.abort();
    await expect(batch.finish(5, gone)).rejects.toThrow();
    await batch.finish(0, new AbortController().signal);
    await vi.advanceTimersByTimeAsync(1000);
    expect(batch.made).toBe(0);
  });

  test("without members has no timer, however slow it is", async () => {
    const batch = new Batch({ tokensPerSecond: 0.001, batchTokensPerSecond: 1, jitter: 0, seed: 1 });
    const over = ending();
    const all = [batch.finish(1, over.signal), batch.finish(2, over.signal)];
    await vi.advanceTimersByTimeAsync(10);
    expect(vi.getTimerCount()).toBe(1);
    over.abort();
    await Promise.allSettled(all);
    expect(vi.getTimerCount()).toBe(0);
    const next = batch.finish(1, new AbortController().signal);
    await vi.advanceTimersByTimeAsync(1_000_000);
    await next;
  });
});
