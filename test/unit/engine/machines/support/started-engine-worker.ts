import { createActor, type InspectionEvent, SimulatedClock } from "xstate";
import { engineWorkerMachine } from "../../../../../src/engine/machines/worker.js";
import type {
  Memo,
  ReportedCondition,
  WorkerCall,
  WorkerInput,
  WorkerNotice,
} from "../../../../../src/engine/machines/worker-events.js";
import { Calls } from "../../../../machines/support/calls.js";
import { listener } from "../../../../machines/support/listener.js";
import { settled } from "../../../../machines/support/settled.js";

interface Started extends Partial<Pick<WorkerInput, "origin" | "purpose" | "memo">> {
  readonly inspect?: (event: InspectionEvent) => void;
}

/** A provider's data about the worker. */
export const MEMO: Memo = { folder: "/w/1" };

/** A worker of the engine whose provider the test controls: silent after 35 s, late after 60 s. */
export function startedEngineWorker({ inspect = () => {}, ...input }: Started = {}) {
  const clock = new SimulatedClock();
  const create = new Calls<Memo, WorkerCall>();
  const start = new Calls<Memo, WorkerCall>();
  const stop = new Calls<void, WorkerCall>();
  const destroy = new Calls<void, WorkerCall>();
  const group = listener<WorkerNotice>();
  const machine = engineWorkerMachine.provide({
    actors: { create: create.logic, start: start.logic, stop: stop.logic, destroy: destroy.logic },
  });
  const worker = createActor(machine, {
    clock,
    inspect,
    input: {
      id: 1,
      origin: "ordered",
      purpose: "active",
      timeouts: { silentMs: 35_000, startMs: 60_000 },
      group: group.ref,
      ...input,
    },
  }).start();
  const report = (condition: ReportedCondition): void =>
    worker.send({ type: "worker.reported", report: condition });
  return {
    worker,
    create,
    start,
    stop,
    destroy,
    /** Events that the group got, without changes of the status. */
    notices: () => group.received.filter(({ type }) => type !== "worker.changed"),
    /** The statuses that the group got, one for each change. */
    statuses: () =>
      group.received.flatMap((event) => (event.type === "worker.changed" ? [event.worker.status] : [])),
    /** The worker as the group got it last. */
    facts: () =>
      group.received.flatMap((event) => (event.type === "worker.changed" ? [event.worker] : [])).at(-1),
    status: () => worker.getSnapshot().context.status,
    failure: () => worker.getSnapshot().context.failure,
    report,
    ready: () => report({ condition: "ready" }),
    failed: (message = "Traceback") => report({ condition: "failed", message }),
    pass: async (ms: number) => {
      clock.increment(ms);
      await settled();
    },
  };
}

/** One that was created and is ready. */
export async function readyEngineWorker(input: Started = {}) {
  const started = startedEngineWorker(input);
  started.worker.send({ type: "worker.create" });
  await started.create.succeed(MEMO);
  started.ready();
  await settled();
  return started;
}
