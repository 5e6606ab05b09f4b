import { expect, test } from "vitest";
import { Semaphore } from "../../../src/shared/semaphore.js";

const never = (): AbortSignal => new AbortController().signal;

/** Acquires a slot. */
function acquiring(semaphore: Semaphore, signal = never()) {
  const state = { has: false, release: () => {} };
  const done = semaphore.acquire(signal).then((release) => {
    state.has = true;
    state.release = release;
  });
  return { state, done };
}

/** Waits until all pending microtasks have run. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

test("slots are acquired up to the limit, and then in order", async () => {
  const semaphore = new Semaphore(2);
  const all = [1, 2, 3, 4, 5].map(() => acquiring(semaphore));
  await settled();
  expect(all.map(({ state }) => state.has)).toEqual([true, true, false, false, false]);
  expect(semaphore.waiting).toBe(3);
  all[1]?.state.release();
  await settled();
  expect(all.map(({ state }) => state.has)).toEqual([true, true, true, false, false]);
  all[0]?.state.release();
  all[2]?.state.release();
  await Promise.all(all.map(({ done }) => done));
  expect(semaphore.waiting).toBe(0);
});

test("slots are free again after the line was empty", async () => {
  const semaphore = new Semaphore(1);
  for (let round = 0; round < 3; round += 1) {
    const [first, second] = [acquiring(semaphore), acquiring(semaphore)];
    await first.done;
    expect(second.state.has).toBe(false);
    first.state.release();
    await second.done;
    second.state.release();
  }
});

test("a slot is not released twice", async () => {
  const semaphore = new Semaphore(1);
  const first = acquiring(semaphore);
  await first.done;
  first.state.release();
  first.state.release();
  const [second, third] = [acquiring(semaphore), acquiring(semaphore)];
  await settled();
  expect([second.state.has, third.state.has]).toEqual([true, false]);
});

test("a waiter that gives up leaves the line, and takes no slot", async () => {
  const semaphore = new Semaphore(1);
  const controller = new AbortController();
  const first = acquiring(semaphore);
  const gone = acquiring(semaphore, controller.signal);
  const next = acquiring(semaphore);
  await first.done;
  controller.abort(new Error("no longer wanted"));
  await expect(gone.done).rejects.toThrow("no longer wanted");
  expect(semaphore.waiting).toBe(1);
  first.state.release();
  await next.done;
});

test("a slot is not acquired with an aborted signal", async () => {
  const semaphore = new Semaphore(1);
  await expect(semaphore.acquire(AbortSignal.abort(new Error("no longer wanted")))).rejects.toThrow(
    "no longer",
  );
  await acquiring(semaphore).done;
});

test("a line of 10,000 is served in order", async () => {
  const semaphore = new Semaphore(1);
  const first = acquiring(semaphore);
  await first.done;
  const order: number[] = [];
  const all = Array.from({ length: 10_000 }, async (_, index) => {
    const release = await semaphore.acquire(never());
    order.push(index);
    release();
  });
  first.state.release();
  await Promise.all(all);
  expect(order).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
  expect(semaphore.waiting).toBe(0);
});
