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
  hasServer = false,
  hasLifecycle = false,
  isStarted = false,
  healthIntervalMs = 10_000,
  failureThreshold = 1,
  inspect = () => {},
}: Options = {}) {
  const clock = new SimulatedClock();
  const probeHealth = new Calls<void>();
  const awaitSuccess = new Calls<void>();
  const lookAround = new Calls<string | undefined, { readonly isLoaded: boolean }>();
  const startLifecycle = new Calls<void>();
  const awaited: (string | undefined)[] = [];
  const worker = listener<ModelNews>((event) => {
    if (event.type !== "model.awaited") return true;
    awaited.push(event.seen);
    return false;
  });
  const tails: ((event: LogMatched) => void)[] = [];
  const losses: (() => void)[] = [];
  let ended = 0;
  const watchConnections = fromCallback<AnyEventObject>(({ sendBack }) => {
    losses.push(() => sendBack({ type: "connection.lost" }));
  });
  const tailLog = fromCallback<AnyEventObject>(({ sendBack }) => {
    tails.push(sendBack);
    return () => {
      ended++;
    };
  });
  const model = createActor(
    modelMachine.provide({
      actors: {
        tailLog,
        watchConnections,
        probe: probeHealth.logic,
        awaitSuccess: awaitSuccess.logic,
        lookAround: lookAround.logic,
        startLifecycle: startLifecycle.logic,
      },
    }),
    {
      clock,
      inspect,
      input: {
        worker: worker.ref,
        readiness,
        hasLog,
        hasHealth,
        hasServer,
        hasLifecycle,
        isStarted,
        healthIntervalMs,
        failureThreshold,
      },
    },
  ).start();
  return {
    model,
    probeHealth,
    awaitSuccess,
    lookAround,
    startLifecycle,
    /** The events that the worker received, without those about what is waited for. */
    reported: worker.received,
    /** What the worker received as waited for. */
    awaited,
    /** The state of the region that probes. */
    asking: () => model.getSnapshot().value.health,
    /** How often the log was begun to be read, and how often that was ended. */
    tails: () => ({ begun: tails.length, ended }),
    /** A line of the log matches. */
    log: (type: LogMatched["type"], match: string, stale = false) =>
      tails.at(-1)?.({ type, line: `… ${match} …`, match, stale }),
    /** The connection of a request was lost. */
    lose: () => losses.at(-1)?.(),
    serve: () => model.send({ type: "model.serve" }),
    verify: () => model.send({ type: "model.verify" }),
    suspect: () => model.send({ type: "model.suspect" }),
    pass: async (ms: number) => {
      clock.increment(ms);
      await settled();
    },
  };
}
