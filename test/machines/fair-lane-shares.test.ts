import { describe, expect, test } from "vitest";
import { FairLane } from "../../machines/fair-lane.js";
import { seededRandom } from "./support/seeded-random.js";

const SEEDS = [1, 2, 3];
const OPERATIONS = 1_500;
/** Largest workload of a request. */
const LARGEST = 100;

/** A server that works on all flows at once, on each in proportion to its weight: what a fair lane approximates. */
class FluidServer {
  readonly #weights: ReadonlyMap<string, number>;
  readonly #backlogs = new Map<string, number>();
  /** Work done, by flow. */
  readonly done = new Map<string, number>();

  constructor(weights: ReadonlyMap<string, number>) {
    this.#weights = weights;
  }

  add(flow: string, workload: number): void {
    this.#backlogs.set(flow, (this.#backlogs.get(flow) ?? 0) + workload);
  }

  work(amount: number): void {
    for (let left = amount; left > 1e-9 && this.#backlogs.size > 0; ) {
      const active = Array.from(this.#backlogs, ([flow, backlog]) => {
        return { flow, backlog, weight: this.#weights.get(flow) ?? 1 };
      });
      const weights = active.reduce((sum, { weight }) => sum + weight, 0);
      // Until the first of them has no work left.
      const time = Math.min(left / weights, ...active.map(({ backlog, weight }) => backlog / weight));
      for (const { flow, backlog, weight } of active) {
        this.done.set(flow, (this.done.get(flow) ?? 0) + time * weight);
        if (backlog - time * weight < 1e-9) this.#backlogs.delete(flow);
        else this.#backlogs.set(flow, backlog - time * weight);
      }
      left -= time * weights;
    }
  }
}

describe.each(SEEDS)("a fair lane (seed %d)", (seed) => {
  test("shares the granted workload by weight among flows that always have waiting tickets, within one request", () => {
    const random = seededRandom(seed);
    const flows = Array.from({ length: 2 + random.below(20) }, (_none, index) => ({
      name: `flow-${index}`,
      weight: random.pick([0.25, 1, 1, 2, 5, 10]),
      granted: 0,
    }));
    const weights = flows.reduce((sum, { weight }) => sum + weight, 0);
    const limit = 1 + random.below(4);
    const lane = new FairLane(limit);
    const tickets = new Map<string, { flow: (typeof flows)[number]; workload: number }>();
    const waitingOf = new Map<object, string[]>(flows.map((flow) => [flow, []]));
    const running: string[] = [];
    const arrive = (flow: (typeof flows)[number]): void => {
      const id = String(tickets.size);
      const workload = 1 + random.below(LARGEST);
      tickets.set(id, { flow, workload });
      if (lane.enter(id, workload, 0, flow.name, flow.weight)) running.push(id);
      else waitingOf.get(flow)?.push(id);
    };
    const [any] = flows;
    if (any === undefined) throw new Error("expected a flow");
    for (let index = 0; index < limit; index++) arrive(any);
    for (const flow of flows) for (let index = 0; index < 3; index++) arrive(flow);
    let total = 0;
    let furthest = 0;
    for (let operation = 0; operation < OPERATIONS; operation++) {
      for (const flow of flows) {
        const waiting = waitingOf.get(flow) ?? [];
        while (waiting.length < 2 || random.next() < 0.02) arrive(flow);
        // Some leave while they wait, but for the last one.
        if (waiting.length > 2 && random.next() < 0.1) {
          const [gone] = waiting.splice(1 + random.below(waiting.length - 1), 1);
          expect(lane.leave(gone ?? "")).toBeUndefined();
        }
      }
      const ending = random.pick(running);
      const next = lane.leave(ending);
      const ticket = tickets.get(next ?? "");
      if (next === undefined || ticket === undefined) throw new Error("expected a ticket to have its turn");
      running.splice(running.indexOf(ending), 1, next);
      // First in, first out within a flow.
      expect(waitingOf.get(ticket.flow)?.shift()).toBe(next);
      ticket.flow.granted += ticket.workload;
      total += ticket.workload;
      for (const { granted, weight } of flows) {
        furthest = Math.max(furthest, Math.abs(granted - (total * weight) / weights));
      }
    }
    expect(total).toBeGreaterThan(OPERATIONS);
    expect(furthest).toBeLessThanOrEqual(LARGEST + 1e-6);
  });

  test("stays within one request of a fluid server when flows come and go", () => {
    const random = seededRandom(seed + 100);
    const weights = new Map(
      Array.from({ length: 30 }, (_none, index) => [`flow-${index}`, random.pick([0.5, 1, 2, 8])]),
    );
    const fluid = new FluidServer(weights);
    const lane = new FairLane(1);
    lane.enter("first", 1, 0);
    const granted = new Map<string, number>();
    const tickets = new Map<string, { readonly flow: string; readonly workload: number }>();
    let running = "first";
    let furthest = 0;
    for (let operation = 0; operation < OPERATIONS; operation++) {
      if (lane.waiting === 0 || random.next() < (operation % 500 < 250 ? 0.6 : 0.4)) {
        const flow = random.pick([...weights.keys()]);
        for (let count = random.below(6); count >= 0; count--) {
          const workload = 1 + random.below(LARGEST);
          const id = String(tickets.size);
          tickets.set(id, { flow, workload });
          lane.enter(id, workload, operation, flow, weights.get(flow));
          fluid.add(flow, workload);
        }
      } else {
        const next = lane.leave(running) ?? "";
        const ticket = tickets.get(next);
        if (ticket === undefined) throw new Error("expected a ticket to have its turn");
        running = next;
        granted.set(ticket.flow, (granted.get(ticket.flow) ?? 0) + ticket.workload);
        fluid.work(ticket.workload);
        for (const flow of weights.keys()) {
          const difference = (granted.get(flow) ?? 0) - (fluid.done.get(flow) ?? 0);
          furthest = Math.max(furthest, Math.abs(difference));
        }
      }
    }
    expect(granted.size).toBe(weights.size);
    expect(furthest).toBeLessThanOrEqual(LARGEST + 1e-6);
  });

  test("loses no ticket, grants none twice, and keeps no flow that has ended", () => {
    const random = seededRandom(seed + 200);
    const limit = 1 + random.below(5);
    const lane = new FairLane(limit);
    const waiting = new Map<string, number>();
    const running = new Set<string>();
    let arrived = 0;
    let mostWaiting = 0;
    const check = (operation: number): void => {
      expect([lane.running, lane.waiting]).toEqual([running.size, waiting.size]);
      expect(running.size === limit || waiting.size === 0).toBe(true);
      mostWaiting = Math.max(mostWaiting, waiting.size);
      if (operation % 50 > 0) return;
      const queued = Array.from(lane.queued(), ({ id }) => id);
      expect(queued.toSorted()).toEqual([...waiting.keys()].toSorted());
      expect(Array.from(lane.started(), ({ id }) => id)).toEqual([...running]);
      const priorities = queued.map((id) => waiting.get(id) ?? 0);
      expect(priorities).toEqual(priorities.toSorted((one, other) => other - one));
    };
    for (let operation = 0; operation < OPERATIONS; operation++) {
      if (random.next() < (operation % 500 < 250 ? 0.6 : 0.4)) {
        const id = String(arrived++);
        const [flow, priority] = [String(random.below(1_000)), random.pick([0, 0, 0, 3, 9])];
        // A flow may change its weight, and workloads differ by orders of magnitude.
        const workload = random.pick([0, 0.001, 1, 100, 1e12]);
        const runs = lane.enter(id, workload, operation, flow, random.pick([0.001, 1, 1000]), priority);
        expect(runs).toBe(running.size < limit);
        if (runs) running.add(id);
        else waiting.set(id, priority);
      } else if (waiting.size > 0 && random.next() < 0.4) {
        const id = random.pick([...waiting.keys()]);
        expect(lane.leave(id)).toBeUndefined();
        waiting.delete(id);
      } else if (running.size > 0) {
        const id = random.pick([...running]);
        const expected = lane.queued().next().value?.id;
        const next = lane.leave(id);
        running.delete(id);
        expect(next).toBe(expected);
        if (next === undefined) expect(waiting.size).toBe(0);
        else {
          expect(waiting.delete(next)).toBe(true);
          running.add(next);
        }
      }
      check(operation);
    }
    expect(mostWaiting).toBeGreaterThan(20);
    for (const id of waiting.keys()) lane.leave(id);
    for (const id of running) lane.leave(id);
    expect([lane.running, lane.waiting, lane.flows()]).toEqual([0, 0, []]);
  });
});
