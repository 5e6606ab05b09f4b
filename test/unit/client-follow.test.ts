import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { follow } from "../../src/client/request/follow.js";

const listeners = (signal: AbortSignal): number => getEventListeners(signal, "abort").length;

test("a signal has one listener for all that follow it, and none when nobody does", () => {
  const { signal } = new AbortController();
  const ends = Array.from({ length: 20 }, () => follow(signal, () => {}));
  expect(listeners(signal)).toBe(1);
  for (const end of ends) end();
  expect(listeners(signal)).toBe(0);
  follow(signal, () => {});
  ends[0]?.();
  expect(listeners(signal)).toBe(1);
});

test("all that still follow are told, once and in order", () => {
  const controller = new AbortController();
  const told: string[] = [];
  follow(controller.signal, () => told.push("a"));
  follow(controller.signal, () => told.push("b"))();
  follow(controller.signal, () => told.push("c"));
  controller.abort();
  expect(told).toEqual(["a", "c"]);
});

test("who follows a signal that is aborted already is told at once", () => {
  let told = 0;
  follow(AbortSignal.abort(), () => {
    told += 1;
  })();
  expect(told).toBe(1);
});
