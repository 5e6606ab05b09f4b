import { describe, expect, test } from "vitest";
import { ConcurrencyLimit } from "../../../../src/client/request/concurrency-limit.js";

const never = (): AbortSignal => new AbortController().signal;

/** Acquires a slot. */
function acquiring(limit: ConcurrencyLimit, signal = never()) {
  const state = { has: false, release: () => {} };
  const done = limit.acquire(signal).then((release) => {
    state.has = true;
    state.release = release;
  });
  return { state, done };
}

/** Waits until all pending microtasks have run. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe("slots", () => {
  test("are acquired up to the limit, and then in order", async () => {
    const limit = new ConcurrencyLimit(2);
    const all = [1, 2, 3, 4].map(() => acquiring(limit));
    await settled();
    expect(all.map(({ state }) => state.has)).toEqual([true, true, false, false]);
    all[1]?.state.release();
    await settled();
    expect(all.map(({ state }) => state.has)).toEqual([true, true, true, false]);
  });

  test("are not released twice", async () => {
    const limit = new ConcurrencyLimit(1);
    const first = acquiring(limit);
    await first.done;
    first.state.release();
    first.state.release();
    const [second, third] = [acquiring(limit), acquiring(limit)];
    await settled();
    expect([second.state.has, third.state.has]).toEqual([true, false]);
  });

  test("are not given to a caller that has aborted", async () => {
    const limit = new ConcurrencyLimit(1);
    const controller = new AbortController();
    const first = acquiring(limit);
    const second = acquiring(limit, controller.signal);
    const third = acquiring(limit);
    await first.done;
    controller.abort(new Error("no longer wanted"));
    await expect(second.done).rejects.toThrow("no longer wanted");
    first.state.release();
    await third.done;
  });

  test("are not acquired with an aborted signal", async () => {
    const limit = new ConcurrencyLimit(1);
    await expect(limit.acquire(AbortSignal.abort(new Error("no longer wanted")))).rejects.toThrow(
      "no longer",
    );
    await acquiring(limit).done;
  });

  test("have a line of 10,000 without becoming slow", async () => {
    const limit = new ConcurrencyLimit(1);
    const first = acquiring(limit);
    await first.done;
    const order: number[] = [];
    const all = Array.from({ length: 10_000 }, async (_, index) => {
      const release = await limit.acquire(never());
      order.push(index);
      release();
    });
    first.state.release();
    await Promise.all(all);
    expect(order).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
  });
});
