import type { Place, WorkerQueues } from "./worker-queues.js";

/** Workers that are free at the same moment. */
interface Level {
  /** Seconds on the clock; a moment that is over: they are free. */
  freeAt: number;
  capacity: number;
  members: number;
  /** The level that this one has become part of. */
  mergedInto: Level | undefined;
}

/** Work that was taken in one go, and when it is begun, evenly from one moment to the other. */
export interface Intake {
  readonly work: number;
  readonly beginsFrom: number;
  readonly beginsTo: number;
}

/**
 * The queues of workers that serve, when work is a fluid that always flows to the shortest expected queue.
 *
 * A worker's expected queue is the time until it is free. What flows raises the workers that are free first,
 * until they are level with the next ones, and both together from then on: all workers stand on a few levels,
 * and a step costs as much as there are levels, however many workers there are.
 */
export class WorkLevels implements WorkerQueues {
  /** By `freeAt`, the earliest first. */
  readonly #levels: Level[] = [];

  join(capacity: number, freeAt: number): Place {
    let level: Level = { freeAt, capacity, members: 1, mergedInto: undefined };
    const index = this.#levels.findIndex((other) => other.freeAt > freeAt);
    this.#levels.splice(index === -1 ? this.#levels.length : index, 0, level);
    // Follows where levels have gone, and remembers it: the way is short the next time.
    const levelNow = (): Level => {
      while (level.mergedInto !== undefined) level = level.mergedInto;
      return level;
    };
    return {
      get freeAt() {
        return levelNow().freeAt;
      },
      leave: () => this.#leave(levelNow(), capacity),
    };
  }

  #leave(level: Level, capacity: number): number {
    level.capacity -= capacity;
    level.members -= 1;
    if (level.members === 0) this.#levels.splice(this.#levels.indexOf(level), 1);
    return level.freeAt;
  }

  /**
   * Takes as much of `work` as can be begun until `latest`, from `now` on.
   */
  take(work: number, now: number, latest: number): readonly Intake[] {
    const intakes: Intake[] = [];
    let left = work;
    while (left > 0) {
      const level = this.#lowest(now);
      if (level === undefined || level.freeAt >= latest) break;
      const beginsFrom = level.freeAt;
      const until = Math.min(latest, this.#levels[1]?.freeAt ?? latest);
      const room = (until - beginsFrom) * level.capacity;
      const taken = Math.min(left, room);
      level.freeAt = taken === room ? until : beginsFrom + taken / level.capacity;
      left -= taken;
      intakes.push({ work: taken, beginsFrom, beginsTo: level.freeAt });
    }
    return intakes;
  }

  /** The first level, when all that are free by `now` are on it, and all that stand as high as it. */
  #lowest(now: number): Level | undefined {
    let [lowest] = this.#levels;
    if (lowest === undefined) return undefined;
    lowest.freeAt = Math.max(lowest.freeAt, now);
    for (let other = this.#levels[1]; other && other.freeAt <= lowest.freeAt; other = this.#levels[1]) {
      // The larger one stays, so that few workers have a way to go to their level.
      const [stays, goes]: readonly [Level, Level] =
        other.members > lowest.members ? [other, lowest] : [lowest, other];
      stays.freeAt = lowest.freeAt;
      stays.capacity += goes.capacity;
      stays.members += goes.members;
      goes.mergedInto = stays;
      this.#levels.splice(0, 2, stays);
      lowest = stays;
    }
    return lowest;
  }
}
