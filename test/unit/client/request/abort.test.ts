import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { followAbort } from "../../../../src/client/request/abort.js";

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

test("a signal has one listener for all its followers, and none without followers", () => {
  const { signal } = new AbortController();
  const ends = Array.from({ length: 20 }, () => followAbort(signal, () => {}));
  expect(listeners(signal)).toBe(1);
  for (const end of ends) end();
  expect(listeners(signal)).toBe(0);
  followAbort(signal, () => {});
  ends[0]?.();
  expect(listeners(signal)).toBe(1);
});

test("remaining followers are called once and in order", () => {
  const controller = new AbortController();
  const calls: string[] = [];
  followAbort(controller.signal, () => calls.push("a"));
  followAbort(controller.signal, () => calls.push("b"))();
  followAbort(controller.signal, () => calls.push("c"));
  controller.abort();
  expect(calls).toEqual(["a", "c"]);
});

test("a follower of an aborted signal is called immediately", () => {
  let calls = 0;
  followAbort(AbortSignal.abort(), () => {
    calls += 1;
  })();
  expect(calls).toBe(1);
});
