import type { Random } from "../../../shared/random.js";
import { type Amount, drawn, meanOf } from "./amount.js";
import { EventHeap } from "./event-heap.js";
import { type Place, type SimulatedClients, WaitHistogram, type WorkerQueues } from "./simulated-clients.js";

interface Request {
  readonly work: number;
  readonly at: number;
}

interface RequestClientsInput {
  /** Workload of a request. */
  readonly workload: Amount;
  readonly random: Random;
  readonly maxQueueTime: number;
  /** Seconds of waiting at the engine. */
  readonly giveUpAfter: number;
}

/** Clients whose requests come one by one, each independent of the others: a Poisson process. */
export class RequestClients implements SimulatedClients {
  readonly queues = new RequestQueues();
  readonly waits = new WaitHistogram();
  asked = 0;
  begun = 0;
  gaveUp = 0;
  waiting = 0;
  readonly #input: RequestClientsInput;
  readonly #meanWorkload: number;
  #recent = new WaitHistogram();
  /** The oldest first. Those before `#first` are gone. */
  #line: Request[] = [];
  #first = 0;

  constructor(input: RequestClientsInput) {
    this.#input = input;
    this.#meanWorkload = meanOf(input.workload);
  }

  ask(work: number, from: number, to: number): void {
    const { random, workload } = this.#input;
    const between = (this.#meanWorkload * (to - from)) / work;
    const next = (): number => -Math.log(1 - random()) * between;
    for (let at = from + next(); at < to; at += next()) {
      const request = { work: drawn(workload, random), at };
      this.asked += request.work;
      this.#wait(request);
    }
    this.#route(to);
  }

  askAgain(work: number, now: number): void {
    this.begun -= work;
    for (let left = work; left > 0; left -= this.#meanWorkload) {
      this.#wait({ work: Math.min(left, this.#meanWorkload), at: now });
    }
  }

  takeRecent(): WaitHistogram {
    const recent = this.#recent;
    this.#recent = new WaitHistogram();
    return recent;
  }

  #wait(request: Request): void {
    this.#line.push(request);
    this.waiting += request.work;
  }

  #route(now: number): void {
    const { maxQueueTime, giveUpAfter } = this.#input;
    for (let request = this.#line[this.#first]; request; request = this.#line[this.#first]) {
      const { work, at } = request;
      // The last time at which its client still waits and a worker can take it.
      const latest = Math.min(now, at + giveUpAfter) + maxQueueTime;
      const begins = this.queues.put(work, at, latest);
      if (begins === undefined && now <= at + giveUpAfter) break;
      if (begins === undefined) {
        this.gaveUp += work;
      } else {
        this.begun += work;
        this.waits.record(begins - at, work);
        this.#recent.record(begins - at, work);
      }
      this.waiting -= work;
      this.#first += 1;
    }
    this.#line = this.#line.slice(this.#first);
    this.#first = 0;
    if (this.#line.length === 0) this.waiting = 0;
  }
}

interface Queue extends Place {
  freeAt: number;
  readonly capacity: number;
  hasLeft: boolean;
}

/** The queues of active workers for single requests. A worker works on one request at a time. */
export class RequestQueues implements WorkerQueues {
  /** Each queue once, by the time at which its worker is free. Removed queues are dropped when they come first. */
  readonly #byFreeAt = new EventHeap<Queue>();

  join(capacity: number, freeAt: number): Place {
    const queue: Queue = {
      freeAt,
      capacity,
      hasLeft: false,
      leave: () => {
        queue.hasLeft = true;
        return queue.freeAt;
      },
    };
    this.#byFreeAt.add(freeAt, queue);
    return queue;
  }

  /**
   * Adds a request made at `at` to the shortest expected queue. @returns the time at which it is begun; undefined: all
   * workers are busy until after `latest`.
   */
  put(work: number, at: number, latest: number): number | undefined {
    for (let queue = this.#byFreeAt.take(latest); queue; queue = this.#byFreeAt.take(latest)) {
      if (queue.hasLeft) continue;
      const begins = Math.max(at, queue.freeAt);
      queue.freeAt = begins + work / queue.capacity;
      this.#byFreeAt.add(queue.freeAt, queue);
      return begins;
    }
    return undefined;
  }
}
