import { type Place, type SimulatedClients, WaitHistogram, type WorkerQueues } from "./simulated-clients.js";

/** Work that was requested at a constant rate between two times. */
interface Parcel {
  work: number;
  from: number;
  readonly to: number;
}

/** Clients whose workload is a fluid, without single requests. */
export class FluidClients implements SimulatedClients {
  readonly queues = new WorkLevels();
  readonly #maxQueueTime: number;
  readonly #giveUpAfter: number;
  /** The oldest first. Those before `#first` are gone. */
  #waiting: Parcel[] = [];
  #first = 0;
  readonly waits = new WaitHistogram();
  #recent = new WaitHistogram();
  asked = 0;
  begun = 0;
  gaveUp = 0;
  waiting = 0;

  /** Both in seconds. */
  constructor(maxQueueTime: number, giveUpAfter: number) {
    this.#maxQueueTime = maxQueueTime;
    this.#giveUpAfter = giveUpAfter;
  }

  ask(work: number, from: number, to: number): void {
    this.asked += work;
    this.#wait({ work, from, to });
    this.#giveUp(to);
    // Work beyond the limit at the end of a step was not routed within it.
    for (const intake of this.queues.take(this.waiting, from, to + this.#maxQueueTime)) this.#begin(intake);
  }

  askAgain(work: number, now: number): void {
    if (work <= 0) return;
    this.begun -= work;
    this.#wait({ work, from: now, to: now });
  }

  takeRecent(): WaitHistogram {
    const recent = this.#recent;
    this.#recent = new WaitHistogram();
    return recent;
  }

  #wait(parcel: Parcel): void {
    if (parcel.work <= 0) return;
    this.#waiting.push(parcel);
    this.waiting += parcel.work;
  }

  #giveUp(now: number): void {
    for (let parcel = this.#waiting[this.#first]; parcel; parcel = this.#waiting[this.#first]) {
      if (now - parcel.to <= this.#giveUpAfter) return;
      this.gaveUp += parcel.work;
      this.#drop(parcel);
    }
  }

  /** Assigns the work taken by workers to the oldest parcels. */
  #begin({ work, beginsFrom, beginsTo }: Intake): void {
    let left = work;
    let begins = beginsFrom;
    while (left > 0) {
      const parcel = this.#waiting[this.#first];
      if (parcel === undefined) break;
      const taken = Math.min(left, parcel.work);
      const begun = begins + ((beginsTo - begins) * taken) / left;
      const asked = parcel.from + ((parcel.to - parcel.from) * taken) / parcel.work;
      // The waits in between lie on a straight line: a quarter in from each end, each stands for a half.
      for (const share of [0.25, 0.75]) {
        const wait = begins + (begun - begins) * share - (parcel.from + (asked - parcel.from) * share);
        this.waits.record(Math.max(0, wait), taken / 2);
        this.#recent.record(Math.max(0, wait), taken / 2);
      }
      begins = begun;
      left -= taken;
      this.begun += taken;
      if (taken === parcel.work) {
        this.#drop(parcel);
      } else {
        parcel.work -= taken;
        parcel.from = asked;
        this.waiting -= taken;
      }
    }
  }

  #drop(parcel: Parcel): void {
    this.#first += 1;
    this.waiting = Math.max(0, this.waiting - parcel.work);
    if (this.#first === this.#waiting.length) this.waiting = 0;
    if (this.#first * 2 <= this.#waiting.length && this.#first < 1024) return;
    this.#waiting = this.#waiting.slice(this.#first);
    this.#first = 0;
  }
}

/** Workers that are free at the same moment. */
interface Level {
  /** Seconds on the clock; a moment that is over: they are free. */
  freeAt: number;
  capacity: number;
  members: number;
  /** The level that contains this one. */
  mergedInto: Level | undefined;
}

/** Work taken in one step, begun at a constant rate between two times. */
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
    // Path compression, as in a union-find.
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
      // Union by size: paths of few workers get longer.
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
