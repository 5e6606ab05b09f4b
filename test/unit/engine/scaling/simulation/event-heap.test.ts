import { expect, test } from "vitest";
import { EventHeap } from "../../../../../src/engine/scaling/simulation/event-heap.js";
import { random } from "../../../../../src/shared/random.js";

test("events come in the order of their moments, and those of one moment in the order they were added", () => {
  const draw = random(1);
  const events = Array.from({ length: 3000 }, (_, index) => ({ at: Math.floor(draw() * 200), index }));
  const heap = new EventHeap<(typeof events)[number]>();
  for (const event of events) heap.add(event.at, event);
  const taken = events.map(() => heap.take(200));
  expect(taken).toEqual(events.toSorted((one, other) => one.at - other.at || one.index - other.index));
  expect(heap.take(200)).toBeUndefined();
});

test("no event comes before its moment", () => {
  const heap = new EventHeap<string>();
  heap.add(5, "later");
  heap.add(2, "sooner");
  expect([heap.take(1), heap.take(2), heap.take(4), heap.take(5), heap.take(9)]).toEqual([
    undefined,
    "sooner",
    undefined,
    "later",
    undefined,
  ]);
});
