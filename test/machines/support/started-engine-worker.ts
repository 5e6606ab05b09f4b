import { createActor, type InspectionEvent, SimulatedClock } from "xstate";
import type {
  Said,
  WorkerFailed,
  WorkerGone,
  WorkerLasted,
  WorkerServed,
} from "../../../src/engine/machines/events.js";
import { wireStatus } from "../../../src/engine/machines/wire-status.js";
import {
  engineWorkerMachine,
  type Memo,
  type WorkerCall,
  type WorkerInput,
} from "../../../src/engine/machines/worker.js";
import { Calls } from "./calls.js";
import { listener } from "./listener.js";
import { settled } from "./settled.js";

interface Started extends Partial<Pick<WorkerInput, "origin" | "purpose" | "memo">> {
  readonly inspect?: (event: InspectionEvent) => void;
}

/** What a provider remembers of the worker. */
export const MEMO: Memo = { folder: "/w/1" };

/** A worker of the engine whose provider is in the test's hand: silent after 35 s, late after 60 s. */
export function startedEngineWorker({ inspect = () => {}, ...input }: Started = {}) {
  const clock = new SimulatedClock();
  const create = new Calls<Memo, WorkerCall>();
  const start = new Calls<Memo, WorkerCall>();
  const stop = new Calls<void, WorkerCall>();
  const destroy = new Calls<void, WorkerCall>();
  const group = listener<WorkerServed | WorkerLasted | WorkerFailed | WorkerGone>();
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
      patience: { silentMs: 35_000, startMs: 60_000 },
      group: group.ref,
      ...input,
    },
  }).start();
  const say = (said: Said): void => worker.send({ type: "worker.reported", said });
  return {
    worker,
    create,
    start,
    stop,
    destroy,
    /** What the group was told. */
    told: group.heard,
    status: () => wireStatus(worker.getSnapshot()),
    failure: () => worker.getSnapshot().context.failure,
    say,
    ready: () => say({ condition: "ready" }),
    failed: (message = "Traceback") => say({ condition: "failed", message }),
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
