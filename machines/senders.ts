import type { EventFromLogic } from "xstate";
import type { EdgeEvent } from "./edge.js";
import type { keyMachine } from "./key.js";
import type { modelMachine } from "./model.js";
import type { QueueEvent } from "./queue.js";
import type { reporterMachine } from "./reporter.js";
import type { sessionMachine } from "./session.js";
import type { SessionsEvent } from "./sessions.js";
import type { workerMachine } from "./worker.js";
import { actorEndOf, isDelayEvent } from "./xstate-internals.js";

/** The events that each kind of actor handles. */
interface HandledEvents {
  readonly worker: EventFromLogic<typeof workerMachine>;
  readonly edge: EdgeEvent;
  readonly queue: QueueEvent;
  readonly sessions: SessionsEvent;
  readonly session: EventFromLogic<typeof sessionMachine>;
  readonly model: EventFromLogic<typeof modelMachine>;
  readonly key: EventFromLogic<typeof keyMachine>;
  readonly reporter: EventFromLogic<typeof reporterMachine>;
}

/** A kind of actor of the worker. */
export type ActorKind = keyof HandledEvents;

/**
 * The sender of an event:
 *
 * - a kind of actor.
 * - `self`: the receiver, as a timer of its own.
 * - `log`, `connections`: the model's callback actors of these ids.
 * - `outside`: the program, and not an actor.
 */
export type Sender = Exclude<ActorKind, "reporter"> | "self" | "log" | "connections" | "outside";

/** Types of an actor's events, without those of xstate itself; none where a machine declares no events. */
type OwnTypes<Event extends { readonly type: string }> = string extends Event["type"]
  ? never
  : Exclude<Event["type"], `xstate.${string}`>;

/**
 * The sender of each event, by the kind of actor that receives it. An event without a sender here does not compile, and
 * neither does a sender of an event that the actor does not handle.
 */
export const SENDERS: {
  readonly [Kind in ActorKind]: Readonly<Record<OwnTypes<HandledEvents[Kind]>, Sender>>;
} = {
  worker: {
    "model.started": "model",
    "model.loaded": "model",
    "model.failed": "model",
    "model.healthy": "model",
    "model.unhealthy": "model",
    "model.dismissed": "model",
    "model.awaited": "model",
    "key.held": "key",
    "key.failed": "key",
    "ledger.changed": "edge",
    "traffic.drained": "edge",
    "sessions.closed": "sessions",
    "worker.drain": "outside",
    "worker.abort": "outside",
  },
  edge: {
    "request.granted": "queue",
    "queue.opened": "worker",
    "session.closing": "session",
    "session.closed": "session",
    "sessions.opened": "worker",
    "sessions.aborted": "worker",
    "traffic.opened": "worker",
    "traffic.closed": "worker",
    "traffic.aborted": "worker",
    "traffic.awaited": "worker",
    "key.held": "worker",
  },
  queue: {
    "request.arrived": "edge",
    "request.ended": "edge",
  },
  sessions: {
    "session.opened": "edge",
    "session.used": "edge",
    "session.end": "edge",
    "sessions.close": "worker",
    "sessions.sweep": "self",
  },
  session: {
    "session.used": "sessions",
    "session.end": "sessions",
  },
  model: {
    "log.loaded": "log",
    "log.failed": "log",
    "log.noted": "log",
    "connection.lost": "connections",
    "model.verify": "worker",
    "model.suspect": "worker",
    "model.serve": "worker",
    "failure.logged": "self",
  },
  key: {},
  reporter: {
    "report.due": "worker",
    "worker.changed": "worker",
    "report.flush": "worker",
    "flush.overdue": "self",
  },
};

/** The actor that received an event. */
export interface Receiver {
  readonly kind: ActorKind;
  readonly id: string;
  /** Id of its parent; undefined: it is the root. */
  readonly parentId: string | undefined;
}

/**
 * Id of the actor that sent an event; undefined: no actor did. xstate does not pass the sender to an actor's logic.
 *
 * @param flow id of the request or session that the event is about.
 * @param queueOf id of the queue's actor that a request is in.
 */
export function senderOf(
  eventType: string,
  { kind, id, parentId }: Receiver,
  flow: string | undefined,
  queueOf: (request: string) => string | undefined,
): string | undefined {
  const end = actorEndOf(eventType);
  if (end !== undefined) return end.actor;
  if (isDelayEvent(eventType)) return id;
  const senders: Readonly<Record<string, Sender>> = SENDERS[kind];
  const sender = senders[eventType];
  switch (sender) {
    case undefined:
      return parentId;
    case "outside":
      return undefined;
    case "self":
      return id;
    case "queue":
      return flow === undefined ? undefined : queueOf(flow);
    case "session":
      return flow === undefined ? undefined : `session.${flow}`;
    default:
      // The others are the only one of their kind, which is their id.
      return sender;
  }
}
