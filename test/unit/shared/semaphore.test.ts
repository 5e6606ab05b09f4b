import { expect, test } from "vitest";
import { Semaphore } from "../../../src/shared/semaphore.js";

const never = new AbortController().signal;

test("slots go to waiters in order, and never to one that came later", async () => {
  const semaphore = new Semaphore(1);
  await semaphore.acquire(never);
  const granted: number[] = [];
  const waiters = [1, 2, 3].map((number) => semaphore.acquire(never).then(() => granted.push(number)));
  expect(semaphore.waiting).toBe(3);
  for (const expected of [[1], [1, 2], [1, 2, 3]]) {
    semaphore.release();
    await new Promise(setImmediate);
    expect(granted).toEqual(expected);
  }
  await Promise.all(waiters);
  semaphore.release();
  // All slots are free again, also after the line was empty.
  await semaphore.acquire(never);
  const last = semaphore.acquire(never);
  semaphore.release();
  await last;
});

test("a waiter that gives up leaves the line, and takes no slot", async () => {
  const semaphore = new Semaphore(1);
  await semaphore.acquire(never);
  const controller = new AbortController();
  const gone = semaphore.acquire(controller.signal);
  const next = semaphore.acquire(never);
  controller.abort(new Error("gave up"));
  await expect(gone).rejects.toThrow("gave up");
  expect(semaphore.waiting).toBe(1);
  semaphore.release();
  await next;
  await expect(semaphore.acquire(controller.signal)).rejects.toThrow("gave up");
});

test("a line of 10,000 is served in order", async () => {
  const semaphore = new Semaphore(1);
  await semaphore.acquire(never);
  const granted: number[] = [];
  const line = Array.from({ length: 10_000 }, (_, number) =>
    semaphore.acquire(new AbortController().signal).then(() => granted.push(number)),
  );
  for (let released = 0; released < line.length; released += 1) semaphore.release();
  await Promise.all(line);
  expect(granted).toEqual(line.map((_, number) => number));
  expect(semaphore.waiting).toBe(0);
});
