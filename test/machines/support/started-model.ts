import { type AnyEventObject, createActor, fromCallback, type InspectionEvent, SimulatedClock } from "xstate";
import type { LogMatched } from "../../../machines/events.js";
import { type ModelInput, type ModelNews, modelMachine } from "../../../machines/model.js";
import { Calls } from "./calls.js";
import { listener } from "./listener.js";
import { settled } from "./settled.js";

interface Options extends Partial<Omit<ModelInput, "worker">> {
  readonly inspect?: (event: InspectionEvent) => void;
}

/** A model actor whose log, health URL and lifecycle the test speaks for. */
export function startedModel({
  readiness = "log",
  hasLog = true,
  hasHealth = false,
  hasLifecycle = false,
  isStarted = false,
  inspect = () => {},
}: Options = {}) {
  const clock = new SimulatedClock();
  const probeHealth = new Calls<void>();
  const startLifecycle = new Calls<void>();
  const worker = listener<ModelNews>();
  const tails: ((event: LogMatched) => void)[] = [];
  let ended = 0;
  const tailLog = fromCallback<AnyEventObject>(({ sendBack }) => {
    tails.push(sendBack);
    return () => {
      ended++;
    };
  });
  const model = createActor(
    modelMachine.provide({
      actors: { tailLog, probeHealth: probeHealth.logic, startLifecycle: startLifecycle.logic },
    }),
    {
      clock,
      inspect,
      input: { worker: worker.ref, readiness, hasLog, hasHealth, hasLifecycle, isStarted },
    },
  ).start();
  return {
    model,
    probeHealth,
    startLifecycle,
    /** What the worker was told. */
    told: worker.heard,
    /** How often the log was begun to be read, and how often that was ended. */
    tails: () => ({ begun: tails.length, ended }),
    /** A line of the log matches. */
    log: (type: LogMatched["type"], match: string, stale = false) =>
      tails.at(-1)?.({ type, line: `… ${match} …`, match, stale }),
    verify: () => model.send({ type: "model.verify" }),
    suspect: () => model.send({ type: "model.suspect" }),
    pass: async (ms: number) => {
      clock.increment(ms);
      await settled();
    },
  };
}
