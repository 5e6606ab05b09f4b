import { random } from "../../../shared/random.js";
import type { Plan } from "../fleet.js";
import { plan } from "../plan.js";
import { RollingLoad } from "../rolling-load.js";
import { drawn, meanOf } from "./amount.js";
import { EventHeap } from "./event-heap.js";
import { FluidClients } from "./fluid-clients.js";
import { loadAt } from "./load-curve.js";
import { RequestClients } from "./request-clients.js";
import type { Scenario } from "./scenario.js";
import type { SimulatedClients } from "./simulated-clients.js";
import { SimulatedWorker } from "./simulated-worker.js";
import { type SimulationResult, type SimulationSample, SimulationTally } from "./simulation-result.js";

/** An event is void when the turn of its worker has changed since. */
interface WorkerEvent {
  readonly worker: SimulatedWorker;
  readonly turn: number | "any";
  readonly kind: "arrive" | "fail";
}

const SAMPLES = 480;
const SECONDS_PER_DAY = 86_400;

/**
 * Runs a scenario on a simulated clock, with the same rules of scaling as the engine's. The same scenario and
 * seed give the same result.
 */
export function simulate(scenario: Scenario): SimulationResult {
  return new Simulation(scenario).run();
}

class Simulation {
  readonly #scenario: Scenario;
  readonly #random;
  readonly #clock = { now: 0 };
  readonly #events = new EventHeap<WorkerEvent>();
  readonly #clients: SimulatedClients;
  readonly #rolling: RollingLoad;
  readonly #workers = new Map<number, SimulatedWorker>();
  readonly #expectedCapacity: number;
  readonly #samples: SimulationSample[] = [];
  readonly #tally = new SimulationTally();
  #lastId = 0;
  #lastAsked: number | undefined;
  #load = 0;
  #wantedCapacity = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#random = random(scenario.seed);
    this.#expectedCapacity = meanOf(scenario.workers.capacity);
    this.#rolling = new RollingLoad(scenario.average_over, 0);
    const { max_queue_time: maxQueueTime } = scenario.parameters;
    const giveUpAfter = scenario.give_up_after ?? Number.POSITIVE_INFINITY;
    const workload = scenario.request_workload;
    this.#clients =
      workload === undefined
        ? new FluidClients(maxQueueTime, giveUpAfter)
        : new RequestClients({ workload, random: this.#random, maxQueueTime, giveUpAfter });
  }

  run(): SimulationResult {
    const { duration, step, plan_every } = this.#scenario;
    const sampleEvery = duration / SAMPLES;
    this.#begin();
    let nextPlan = 0;
    let nextSample = 0;
    for (let turn = 0; turn * step < duration; turn += 1) {
      const from = turn * step;
      const to = Math.min(duration, from + step);
      this.#clock.now = from;
      this.#processEvents();
      if (from >= nextPlan) {
        this.#applyPlan();
        nextPlan += plan_every;
      }
      this.#advance(from, to);
      if (to < nextSample) continue;
      this.#sample(to);
      while (nextSample <= to) nextSample += sampleEvery;
    }
    return {
      samples: this.#samples,
      summary: this.#tally.summary(duration, this.#scenario.seed, this.#clients),
    };
  }

  #begin(): void {
    const { begins_with, load, average_over } = this.#scenario;
    const { active, inactive } = begins_with;
    // The load before the simulation justified the active workers.
    if (active > 0) this.#rolling.add(loadAt(load, 0) * average_over, 0);
    for (let count = 0; count < active + inactive; count += 1) {
      this.#planArrival(this.#create(count < active ? "active" : "inactive"), 0);
    }
  }

  #processEvents(): void {
    const { now } = this.#clock;
    for (let event = this.#events.take(now); event; event = this.#events.take(now)) {
      const { worker, turn, kind } = event;
      if (this.#workers.get(worker.id) !== worker || (turn !== "any" && turn !== worker.turn)) continue;
      if (kind === "arrive") this.#change(worker, () => worker.arrive());
      else this.#fail(worker);
    }
  }

  #fail(worker: SimulatedWorker): void {
    this.#planFailure(worker);
    if (worker.condition === "failed") return;
    this.#tally.counts.failed += 1;
    this.#change(worker, () => {
      const lost = worker.fail();
      this.#tally.retried += lost;
      this.#clients.askAgain(lost, this.#clock.now);
    });
  }

  #applyPlan(): void {
    const { now } = this.#clock;
    const asked = plan({
      parameters: this.#scenario.parameters,
      workers: [...this.#workers.values()],
      load: this.#rolling.at(now),
      waiting: this.#clients.waiting,
      idleSeconds: this.#lastAsked === undefined ? undefined : now - this.#lastAsked,
      expectedCapacity: this.#expectedCapacity,
    });
    const { starting, loading } = this.#scenario.workers;
    this.#wantedCapacity = asked.wanted.activeCapacity;
    this.#forEach(asked.release, (worker) => this.#destroy(worker));
    this.#forEach(asked.activate, (worker) => this.#rise(worker, "active", drawn(starting, this.#random)));
    for (const { id, risesTo } of asked.redirect) {
      this.#forEach([id], (worker) => {
        worker.risesTo = risesTo;
      });
    }
    this.#forEach(asked.deactivate, (worker) => this.#change(worker, () => worker.deactivate()));
    for (const { id, risesTo } of asked.replace) {
      this.#forEach([id], (worker) => this.#rise(worker, risesTo, drawn(loading, this.#random)));
    }
    this.#recruit(asked.recruit);
    this.#tally.counts.activated += asked.activate.length;
    this.#tally.counts.rested += asked.deactivate.length;
  }

  #forEach(ids: readonly number[], act: (worker: SimulatedWorker) => void): void {
    for (const id of ids) {
      const worker = this.#workers.get(id);
      if (worker !== undefined) act(worker);
    }
  }

  #recruit({ active, inactive }: Plan["recruit"]): void {
    const { creating, loading } = this.#scenario.workers;
    for (let count = 0; count < active + inactive; count += 1) {
      const worker = this.#create(count < active ? "active" : "inactive");
      this.#planArrival(worker, drawn(creating, this.#random) + drawn(loading, this.#random));
      this.#tally.counts.created += 1;
    }
  }

  #create(risesTo: "active" | "inactive"): SimulatedWorker {
    const { capacity, price, inactive_price } = this.#scenario.workers;
    this.#lastId += 1;
    const worker = new SimulatedWorker(
      {
        id: this.#lastId,
        capacity: Math.max(Number.MIN_VALUE, drawn(capacity, this.#random)),
        price: drawn(price, this.#random),
        inactivePrice: drawn(inactive_price, this.#random),
      },
      {
        risesTo,
        expectedCapacity: this.#expectedCapacity,
        queues: this.#clients.queues,
        clock: this.#clock,
      },
    );
    this.#workers.set(worker.id, worker);
    this.#tally.enter(worker);
    this.#planFailure(worker);
    return worker;
  }

  #destroy(worker: SimulatedWorker): void {
    this.#tally.leave(worker);
    this.#tally.counts.destroyed += 1;
    this.#workers.delete(worker.id);
    // An active worker finishes its work, and gets no more.
    worker.deactivate();
  }

  #rise(worker: SimulatedWorker, to: "active" | "inactive", seconds: number): void {
    this.#change(worker, () => worker.rise(to));
    this.#planArrival(worker, seconds);
  }

  #change(worker: SimulatedWorker, act: () => void): void {
    this.#tally.leave(worker);
    act();
    this.#tally.enter(worker);
  }

  #planArrival(worker: SimulatedWorker, seconds: number): void {
    this.#events.add(this.#clock.now + seconds, { worker, turn: worker.turn, kind: "arrive" });
  }

  /** Failures are independent of each other and of the condition of the worker. */
  #planFailure(worker: SimulatedWorker): void {
    const { failures_per_day } = this.#scenario.workers;
    if (failures_per_day === 0) return;
    const seconds = (-Math.log(1 - this.#random()) * SECONDS_PER_DAY) / failures_per_day;
    this.#events.add(this.#clock.now + seconds, { worker, turn: "any", kind: "fail" });
  }

  /** Advances clients and workers by a step. */
  #advance(from: number, to: number): void {
    const { load } = this.#scenario;
    const chance = load.noise === 0 ? 1 : 1 + load.noise * (2 * this.#random() - 1);
    this.#load = loadAt(load, from) * chance;
    const work = this.#load * (to - from);
    this.#clients.ask(work, from, to);
    this.#clock.now = to;
    this.#rolling.add(work, to);
    if (work > 0) this.#lastAsked = to;
    this.#tally.pass(to - from);
  }

  #sample(at: number): void {
    const { capacity, cost, conditions } = this.#tally;
    const waits = this.#clients.takeRecent();
    this.#samples.push({
      at,
      load: this.#load,
      capacity,
      wantedCapacity: this.#wantedCapacity,
      ...conditions,
      waiting: this.#clients.waiting,
      waitP50: waits.quantile(0.5),
      waitP99: waits.quantile(0.99),
      cost,
    });
  }
}
