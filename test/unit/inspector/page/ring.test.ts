import { expect, test } from "vitest";
import { Ring, Selection } from "../../../../src/inspector/page/ring.js";

function filled(capacity: number, count: number): Ring<number> {
  const ring = new Ring<number>(capacity);
  for (let item = 0; item < count; item += 1) ring.push(item);
  return ring;
}

const isEven = (item: number): boolean => item % 2 === 0;
const all = (selection: Selection<number>): readonly number[] => selection.upTo(selection.length - 1, 1000);

test("the newest items are kept, at the positions at which they were added", () => {
  const ring = filled(3, 5);
  expect([ring.start, ring.end]).toEqual([2, 5]);
  expect([1, 2, 4, 5].map((position) => ring.at(position))).toEqual([undefined, 2, 4, undefined]);
});

test("positions continue after all items were dropped", () => {
  const ring = filled(3, 5);
  ring.clear();
  expect(ring.at(4)).toBeUndefined();
  ring.push(7);
  expect(ring.at(5)).toBe(7);
});

test("a selection follows its ring: new items are tested, dropped ones are removed", () => {
  const ring = filled(4, 4);
  const tested: number[] = [];
  const selection = new Selection(ring, (item) => {
    tested.push(item);
    return isEven(item);
  });
  expect(all(selection)).toEqual([0, 2]);
  ring.push(4);
  ring.push(5);
  selection.follow();
  expect(all(selection)).toEqual([2, 4]);
  expect(selection.first).toBe(1);
  expect(tested).toEqual([0, 1, 2, 3, 4, 5]);
});

test("a selection that fell behind by more than the ring keeps continues with what is there", () => {
  const ring = filled(4, 4);
  const selection = new Selection(ring, isEven);
  for (let item = 4; item < 100; item += 1) ring.push(item);
  selection.follow();
  expect(all(selection)).toEqual([96, 98]);
});

test("a selection stays right over very many items", () => {
  const ring = new Ring<number>(10);
  const selection = new Selection(ring, isEven);
  for (let item = 0; item < 50_000; item += 1) {
    ring.push(item);
    if (item % 7 === 0) selection.follow();
  }
  selection.follow();
  expect(all(selection)).toEqual([49_990, 49_992, 49_994, 49_996, 49_998]);
  expect(selection.first + selection.length).toBe(25_000);
});

test("a selection finds the last one at or before a position", () => {
  const selection = new Selection(filled(10, 10), (item) => item === 3 || item === 6);
  expect([2, 3, 5, 6, 9].map((position) => selection.indexOf(position))).toEqual([-1, 0, 0, 1, 1]);
});
