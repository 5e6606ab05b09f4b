import { expect, test } from "vitest";
import { WorkLevels } from "../../../../../src/engine/scaling/simulation/fluid-clients.js";
import { random } from "../../../../../src/shared/random.js";

/** Routes drop by drop to the shortest expected queue, as an engine does, and gives when each worker is free. */
function dropByDrop(
  workers: readonly { readonly capacity: number; readonly freeAt: number }[],
  work: number,
  latest: number,
): readonly number[] {
  const freeAt = workers.map((worker) => worker.freeAt);
  const drop = work / 100_000;
  for (let left = work; left > 0; left -= drop) {
    const shortest = freeAt.indexOf(Math.min(...freeAt));
    const { capacity = 1 } = workers[shortest] ?? {};
    if ((freeAt[shortest] ?? latest) >= latest) break;
    freeAt[shortest] = (freeAt[shortest] ?? 0) + drop / capacity;
  }
  return freeAt;
}

test.each([1, 2, 3, 4, 5, 6])("work goes where routing each drop of it would take it (seed %i)", (seed) => {
  const draw = random(seed);
  const workers = Array.from({ length: 8 }, () => ({
    capacity: 1 + Math.floor(draw() * 100),
    freeAt: draw() * 10,
  }));
  const work = draw() * 4000;
  const levels = new WorkLevels();
  const places = workers.map(({ capacity, freeAt }) => levels.join(capacity, freeAt));
  const taken = levels.take(work, 0, 12).reduce((sum, intake) => sum + intake.work, 0);
  const expected = dropByDrop(workers, work, 12);
  for (const [index, place] of places.entries()) expect(place.freeAt).toBeCloseTo(expected[index] ?? 0, 1);
  const added = workers.map(({ capacity, freeAt }, index) => ((expected[index] ?? 0) - freeAt) * capacity);
  const sum = added.reduce((total, each) => total + each, 0);
  expect(Math.abs(taken - sum)).toBeLessThan(sum * 0.01);
});

test("the times at which work begins are returned, from the shortest queue up", () => {
  const levels = new WorkLevels();
  levels.join(10, 2);
  levels.join(20, 4);
  expect(levels.take(50, 0, 100)).toEqual([
    { work: 20, beginsFrom: 2, beginsTo: 4 },
    { work: 30, beginsFrom: 4, beginsTo: 5 },
  ]);
});

test("nothing is taken that could not begin by the latest moment", () => {
  const levels = new WorkLevels();
  levels.join(10, 0);
  expect(levels.take(1000, 0, 5)).toEqual([{ work: 50, beginsFrom: 0, beginsTo: 5 }]);
  expect(levels.take(1000, 0, 5)).toEqual([]);
});

test("a worker that leaves takes its capacity with it, and keeps what it has to finish", () => {
  const levels = new WorkLevels();
  const [one, other] = [levels.join(10, 0), levels.join(30, 0)];
  levels.take(400, 0, 100);
  expect(other.leave()).toBe(10);
  levels.take(100, 0, 100);
  expect(one.freeAt).toBe(20);
  expect(one.leave()).toBe(20);
  expect(levels.take(100, 0, 100)).toEqual([]);
});
