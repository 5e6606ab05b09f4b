import type { Random } from "../../shared/random.js";
import { type Amount, drawn, meanOf } from "./amount.js";
import { RequestQueues } from "./request-queues.js";
import type { SimulatedClients } from "./simulated-clients.js";
import { WaitHistogram } from "./wait-histogram.js";

interface Request {
  readonly work: number;
  readonly at: number;
}

interface RequestClientsInput {
  /** Workload of a request. */
  readonly workload: Amount;
  readonly random: Random;
  readonly maxQueueTime: number;
  /** Seconds. */
  readonly patience: number;
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
    this.#sendOn(to);
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

  #sendOn(now: number): void {
    const { maxQueueTime, patience } = this.#input;
    for (let request = this.#line[this.#first]; request; request = this.#line[this.#first]) {
      const { work, at } = request;
      // The last moment at which its client is still there, and a worker may be asked.
      const latest = Math.min(now, at + patience) + maxQueueTime;
      const begins = this.queues.put(work, at, latest);
      if (begins === undefined && now <= at + patience) break;
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
