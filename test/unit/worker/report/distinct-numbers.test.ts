import { expect, test } from "vitest";
import { DistinctNumbers } from "../../../../src/worker/report/distinct-numbers.js";
import { seededRandom } from "../../../machines/support/seeded-random.js";

test.each([1, 2, 3, 4, 5])("counts and takes off as a set does that keeps the order (seed %d)", (seed) => {
  const random = seededRandom(seed);
  const numbers = new DistinctNumbers();
  const expected = new Set<number>();
  let greatest = 0;
  for (let operation = 0; operation < 3000; operation++) {
    const dice = random.below(100);
    if (dice < 60) greatest += random.below(3);
    const number = dice < 60 ? greatest : greatest - random.below(50);
    if (dice < 97) {
      expect(numbers.has(number)).toBe(expected.has(number));
      numbers.add(number);
      expected.add(number);
    } else {
      const count = random.below(40);
      numbers.removeFirst(count);
      for (const first of [...expected].slice(0, count)) expected.delete(first);
    }
    expect(numbers.size).toBe(expected.size);
  }
});
