import { writeFile } from "node:fs/promises";
import { FairLane, FifoLane, type Lane, queueLogic } from "tsworker/machines";
import { type AnyActorLogic, assign, createActor, setup } from "xstate";
import { median } from "../median.js";
import { machine, printSection, type Section, sectionText } from "../section.js";

export interface ActorsBenchmarkOptions {
  /** Requests of a run; each is two events. */
  readonly requests: number;
  readonly rounds: number;
  /** File that the results are written to. */
  readonly page: string;
}

const LIMIT = 4;
const edge = { send: () => {} };

type QueueEvent = { readonly type: "request.arrived" | "request.ended"; readonly id: string };

/** The worker's queue as a state machine: the least that it would have to do. */
const queueMachine = setup({
  types: {
    context: {} as { readonly running: number; readonly waiting: readonly string[] },
    events: {} as QueueEvent,
  },
  actions: {
    enter: assign(({ context, event }) => ({ ...context, waiting: [...context.waiting, event.id] })),
    grant: assign(({ context }) => ({ running: context.running + 1, waiting: context.waiting.slice(1) })),
    leave: assign(({ context }) => ({ ...context, running: context.running - 1 })),
    notify: () => edge.send(),
  },
  guards: { isFree: ({ context }) => context.running < LIMIT },
}).createMachine({
  context: { running: 0, waiting: [] },
  on: {
    "request.arrived": [{ guard: "isFree", actions: ["enter", "grant", "notify"] }, { actions: "enter" }],
    "request.ended": { actions: "leave" },
  },
});

interface Variant {
  readonly name: string;
  readonly logic: AnyActorLogic;
  /** A listener of xstate's `inspect` that does nothing. */
  readonly isInspected: boolean;
}

const VARIANTS: readonly Variant[] = [
  { name: "plain actor, the worker's queue", logic: queueLogic, isInspected: false },
  { name: "plain actor, inspected by xstate", logic: queueLogic, isInspected: true },
  { name: "state machine with assign", logic: queueMachine, isInspected: false },
  { name: "state machine with assign, inspected by xstate", logic: queueMachine, isInspected: true },
];

/** CPU microseconds for a request that arrives and ends, in a queue without others. */
function cpuPerRequest({ logic, isInspected }: Variant, requests: number): number {
  const actor = createActor(logic, { input: { limit: LIMIT, edge } });
  if (isInspected) actor.system.inspect({ next: () => {} });
  actor.start();
  const run = (count: number): void => {
    for (let at = 0; at < count; at++) {
      const id = `request-${at}`;
      actor.send({ type: "request.arrived", id, workload: 1, at });
      actor.send({ type: "request.ended", id, outcome: "success", at });
    }
  };
  run(requests / 2);
  const before = process.cpuUsage();
  run(requests);
  const { user, system } = process.cpuUsage(before);
  actor.stop();
  return (user + system) / requests;
}

const WAITING = 10_000;

interface LaneVariant {
  readonly name: string;
  readonly make: () => Lane;
  readonly flows: number;
}

const LANES: readonly LaneVariant[] = [
  { name: "first in, first out", make: () => new FifoLane(1), flows: 1 },
  { name: "fair, 1 client", make: () => new FairLane(1), flows: 1 },
  { name: "fair, 100 clients", make: () => new FairLane(1), flows: 100 },
  { name: "fair, 10,000 clients", make: () => new FairLane(1), flows: WAITING },
];

/** CPU nanoseconds for a ticket that enters or leaves, while 10,000 wait. */
function cpuPerOperation({ make, flows }: LaneVariant, requests: number): number {
  const lane = make();
  // Made before: text costs more than a lane's work.
  const ids = Array.from({ length: WAITING + 2 * requests + 1 }, (_none, index) => `request-${index}`);
  const keys = Array.from({ length: flows }, (_none, index) => `key-${index}`);
  let arrived = 0;
  let running = ids[0];
  const enter = (): void => {
    lane.enter(ids[arrived] ?? "", 10 + (arrived % 90), arrived, keys[arrived % flows], 1, 0);
    arrived++;
  };
  const run = (count: number): void => {
    for (let at = 0; at < count; at++) {
      enter();
      running = lane.leave(running ?? "");
    }
  };
  for (let at = 0; at <= WAITING; at++) enter();
  run(requests);
  const before = process.cpuUsage();
  run(requests);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / (2 * requests);
}

/** Measures what a request costs in a queue that is a plain actor, and in one that is a state machine. */
export async function actorsBenchmark({ requests, rounds, page }: ActorsBenchmarkOptions): Promise<void> {
  const runs = VARIANTS.map((variant) => ({ variant, cpu: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { variant, cpu } of runs) cpu.push(cpuPerRequest(variant, requests));
  }
  const least = median(runs[0]?.cpu ?? []);
  const section: Section = {
    title: "CPU time of a request in its queue",
    text: `Two events, \`request.arrived\` and \`request.ended\`; the listener of xstate's \`inspect\` does nothing.`,
    head: ["queue", "CPU µs/request", "more than the plain actor"],
    rows: runs.map(({ variant, cpu }) => [
      variant.name,
      median(cpu).toFixed(2),
      `${(median(cpu) - least).toFixed(1)} µs`,
    ]),
  };
  const lanes = LANES.map((variant) => ({ variant, cpu: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { variant, cpu } of lanes) cpu.push(cpuPerOperation(variant, requests / 2));
  }
  const laneSection: Section = {
    title: "CPU time of a lane with 10,000 waiting tickets",
    text: "Without the actor around it: a ticket enters, or one leaves and the next has its turn.",
    head: ["order of turns", "CPU ns/operation"],
    rows: lanes.map(({ variant, cpu }) => [variant.name, median(cpu).toFixed(0)]),
  };
  printSection(section);
  printSection(laneSection);
  await writeFile(
    page,
    `# Actors on the request path

Written by \`npm run bench -- actors\`; medians of ${rounds} rounds of ${requests} requests, the variants turn by turn.

${await machine()}

${sectionText(section)}
${sectionText(laneSection)}`,
  );
  console.log(`\nwritten to ${page}`);
}
