import type { SimulatedClients } from "./simulated-clients.js";
import { WaitHistogram } from "./wait-histogram.js";
import { type Intake, WorkLevels } from "./work-levels.js";

/** Work that was asked for evenly between two moments. */
interface Parcel {
  work: number;
  from: number;
  readonly to: number;
}

/** Clients whose workload flows: single requests are not told apart. */
export class FluidClients implements SimulatedClients {
  readonly queues = new WorkLevels();
  readonly #maxQueueTime: number;
  readonly #patience: number;
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
  constructor(maxQueueTime: number, patience: number) {
    this.#maxQueueTime = maxQueueTime;
    this.#patience = patience;
  }

  ask(work: number, from: number, to: number): void {
    this.asked += work;
    this.#wait({ work, from, to });
    this.#giveUp(to);
    // What is over the limit at the end of a step has not come to a worker within it.
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
      if (now - parcel.to <= this.#patience) return;
      this.gaveUp += parcel.work;
      this.#drop(parcel);
    }
  }

  /** Gives what the workers took to those who have waited for longest. */
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
