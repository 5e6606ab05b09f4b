import { expect, test } from "vitest";
import { FifoLane } from "../../machines/lane.js";
import { seededRandom } from "./support/seeded-random.js";

const OPERATIONS = 8_000;

/** The same as a lane, so simple that it is evidently right: two arrays. */
class NaiveLane {
  readonly limit: number;
  running: string[] = [];
  waiting: string[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  enter(id: string): boolean {
    const runs = this.running.length < this.limit;
    (runs ? this.running : this.waiting).push(id);
    return runs;
  }

  leave(id: string): string | undefined {
    this.waiting = this.waiting.filter((each) => each !== id);
    if (!this.running.includes(id)) return undefined;
    this.running = this.running.filter((each) => each !== id);
    const next = this.waiting.shift();
    if (next !== undefined) this.running.push(next);
    return next;
  }
}

test.each([
  [1, 1],
  [1, 2],
  [2, 3],
  [7, 4],
  [50, 5],
  [Number.POSITIVE_INFINITY, 6],
])(
  "in any order of arrivals and departures, turns are given first in, first out (limit %d, seed %d)",
  (limit, seed) => {
    const random = seededRandom(seed);
    const lane = new FifoLane(limit);
    const naive = new NaiveLane(limit);
    let arrived = 0;
    let mostWaiting = 0;
    for (let operation = 0; operation < OPERATIONS; operation++) {
      // Comes and goes in waves, so that the lane is empty at times and long at others.
      const isArrival = random.next() < (operation % 2000 < 1000 ? 0.55 : 0.45);
      if (isArrival) {
        const id = String(arrived++);
        expect(lane.enter(id, 1, operation)).toBe(naive.enter(id));
      } else {
        const here = [...naive.running, ...naive.waiting];
        const id = here.length > 0 && random.next() < 0.98 ? random.pick(here) : "unknown";
        expect(lane.leave(id)).toBe(naive.leave(id));
      }
      expect([lane.running, lane.waiting]).toEqual([naive.running.length, naive.waiting.length]);
      expect(lane.queued().next().value?.id).toBe(naive.waiting[0]);
      if (operation % 100 === 0) expect(Array.from(lane.queued(), ({ id }) => id)).toEqual(naive.waiting);
      mostWaiting = Math.max(mostWaiting, lane.waiting);
    }
    expect(mostWaiting > 20).toBe(limit <= 50);
  },
);
