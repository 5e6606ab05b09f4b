import {
  type AnyActorLogic,
  type AnyEventObject,
  createActor,
  fromCallback,
  type InspectionEvent,
  SimulatedClock,
} from "xstate";
import type { LogMatched } from "../../../machines/events.js";
import { keyMachine } from "../../../machines/key.js";
import { modelMachine } from "../../../machines/model.js";
import { queueLogic } from "../../../machines/queue.js";
import { type Delivered, type DeliveryInput, reporterMachine } from "../../../machines/reporter.js";
import { type OnCloseCall, sessionMachine } from "../../../machines/session.js";
import { sessionsLogic } from "../../../machines/sessions.js";
import { workerMachine } from "../../../machines/worker.js";
import type { WorkerInput } from "../../../machines/worker-context.js";
import type { ActorKind } from "../../../src/inspector/recorder/frames.js";
import { Calls } from "./calls.js";
import { FakeEdge } from "./fake-edge.js";
import { settled } from "./settled.js";

/** Id of a request that kills the queue it arrives in. */
export const FATAL_REQUEST = "fatal";

/** Id of a session that kills the actor of all sessions when it opens. */
export const FATAL_SESSION = "fatal";

interface Options extends Partial<WorkerInput> {
  readonly inspect?: (event: InspectionEvent) => void;
  /** Wraps the logic of each kind of actor. */
  readonly wrap?: <Logic extends AnyActorLogic>(kind: ActorKind, logic: Logic) => Logic;
}

/**
 * A worker with its own actors, whose I/O the test speaks for: the edge, the key, the model's log, health URL and
 * lifecycle, the benchmark, the sessions' `onClose`. The engine takes every report, and
 * no connection is left when the public port closes, until the test changes it.
 */
export function startedWorker({ inspect = () => {}, wrap = (_, logic) => logic, ...input }: Options = {}) {
  const clock = new SimulatedClock();
  const edge = new FakeEdge();
  const fetchKey = new Calls<string>();
  const probeHealth = new Calls<void>();
  const awaitSuccess = new Calls<void>();
  const lookAround = new Calls<string | undefined, { readonly isLoaded: boolean }>();
  const startLifecycle = new Calls<void>();
  const benchmark = new Calls<number>();
  const linger = new Calls<void>();
  linger.answer = () => {};
  const callOnClose = new Calls<void, OnCloseCall>();
  const deliver = new Calls<Delivered, DeliveryInput>();
  deliver.answer = ({ condition }) => ({ loadtime: condition.loadtime, more: false });
  const tails: ((event: LogMatched) => void)[] = [];
  const losses: (() => void)[] = [];
  const watchConnections = fromCallback<AnyEventObject>(({ sendBack }) => {
    losses.push(() => sendBack({ type: "connection.lost" }));
  });
  const tailLog = fromCallback<AnyEventObject>(({ sendBack }) => {
    tails.push(sendBack);
  });

  const session = sessionMachine.provide({ actors: { callOnClose: callOnClose.logic } });
  const sessions = sessionsLogic(wrap("session", session));

  const worker = createActor(
    wrap(
      "worker",
      workerMachine.provide({
        actors: {
          edge: wrap("edge", edge.logic),
          queue: wrap("queue", {
            ...queueLogic,
            transition: (snapshot, event, scope) => {
              if (event.id === FATAL_REQUEST) throw new Error("the queue broke");
              return queueLogic.transition(snapshot, event, scope);
            },
          }),
          sessions: wrap("sessions", {
            ...sessions,
            transition: (snapshot, event, scope) => {
              if (event.type === "session.opened" && event.id === FATAL_SESSION) {
                throw new Error("the sessions broke");
              }
              return sessions.transition(snapshot, event, scope);
            },
          }),
          key: wrap("key", keyMachine.provide({ actors: { fetchKey: fetchKey.logic } })),
          model: wrap(
            "model",
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
          ),
          reporter: wrap("reporter", reporterMachine.provide({ actors: { deliver: deliver.logic } })),
          benchmark: benchmark.logic,
          linger: linger.logic,
        },
      }),
    ),
    {
      id: "worker",
      clock,
      inspect,
      input: {
        now: () => clock.now(),
        startedAt: clock.now(),
        secured: false,
        readiness: "log",
        hasLog: true,
        hasHealth: false,
        hasServer: false,
        healthIntervalMs: 10_000,
        failureThreshold: 1,
        queues: [{ name: "serial", limit: 1 }],
        reportAddresses: ["http://engine"],
        hasLifecycle: false,
        startTimeoutMs: 1_800_000,
        awaited: "the model",
        drainTimeoutMs: 30_000,
        ...input,
      },
    },
  ).start();

  return {
    worker,
    edge,
    fetchKey,
    probeHealth,
    awaitSuccess,
    lookAround,
    startLifecycle,
    benchmark,
    linger,
    callOnClose,
    deliver,
    state: () => worker.getSnapshot().value,
    fault: () => worker.getSnapshot().context.fault,
    /** A line of the model's log matches. */
    log: async (type: LogMatched["type"], match = "a line", stale = false) => {
      tails.at(-1)?.({ type, line: match, match, stale });
      await settled();
    },
    /** The connection of a request was lost. */
    lose: async () => {
      losses.at(-1)?.();
      await settled();
    },
    /** How often the model's log was begun to be read. */
    logsRead: () => tails.length,
    /** The last condition that was reported to the engine. */
    reported: () => deliver.all.filter(({ input }) => input.kind === "status").at(-1)?.input.condition,
    drain: async () => {
      worker.send({ type: "worker.drain" });
      await settled();
    },
    /** The last request has ended. */
    drained: async () => {
      edge.drained();
      await settled();
    },
    abort: () => worker.send({ type: "worker.abort" }),
    /** Makes an actor of the worker's die, as it does when one of its own actors died and it did not expect it. */
    kill: async (id: string, error: unknown = new Error("it broke")) => {
      const child = (worker.getSnapshot().children as Record<string, { send(event: AnyEventObject): void }>)[
        id
      ];
      if (child === undefined) throw new Error(`expected an actor ${id}`);
      child.send({ type: "xstate.error.actor.unexpected", error, actorId: "unexpected" });
      await settled();
    },
    pass: async (ms: number) => {
      clock.increment(ms);
      await settled();
    },
  };
}

type StartedWorker = ReturnType<typeof startedWorker>;

/** An unsecured worker whose model has loaded and which is ready, with a capacity of 50. */
export async function readyWorker(input: Options = {}): Promise<StartedWorker> {
  const started = startedWorker(input);
  await started.log("log.loaded");
  await started.benchmark.succeed(50);
  if (input.hasHealth) await started.probeHealth.succeed();
  if (input.secured) await started.fetchKey.succeed("the key");
  if (started.state() !== "ready") throw new Error(`expected ready, got ${JSON.stringify(started.state())}`);
  return started;
}

/** Lets the five tries for the key fail. */
export async function failKey({ fetchKey, pass }: StartedWorker): Promise<void> {
  for (const wait of [1000, 2000, 4000, 8000]) {
    await fetchKey.fail();
    await pass(wait);
  }
  await fetchKey.fail();
}
