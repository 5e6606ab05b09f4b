import {
  type ActorLogic,
  type ActorRefFrom,
  type ActorScope,
  createActor,
  type DoneActorEvent,
  type ErrorActorEvent,
  type Snapshot,
} from "xstate";
import type {
  SessionClosed,
  SessionClosing,
  SessionEnd,
  SessionEndReason,
  SessionOpened,
  SessionsClose,
  SessionsClosed,
  SessionsSweep,
  SessionUsed,
} from "./events.js";
import { sessionMachine } from "./session.js";
import { SessionTable } from "./session-table.js";
import { actorEndOf, cancelOwn, scheduleOwn } from "./xstate-internals.js";

/** Input of the sessions actor. */
export interface SessionsInput {
  /** Receives `session.closing` and `session.closed`. */
  readonly edge: { send(event: SessionClosing | SessionClosed): void };
  /** Receives `sessions.closed`. */
  readonly worker: { send(event: SessionsClosed): void };
  /** Milliseconds of the monotonic clock that expiries are on. */
  readonly now: () => number;
}

/** Events that the sessions actor handles. */
export type SessionsEvent =
  | SessionOpened
  | SessionUsed
  | SessionEnd
  | SessionsClose
  | SessionsSweep
  | DoneActorEvent
  | ErrorActorEvent;

type SessionRef = ActorRefFrom<typeof sessionMachine>;

/** The sessions actor's snapshot: `context` is a summary for inspection, `table` holds the sessions. */
export type SessionsSnapshot = Snapshot<undefined> & {
  readonly context: {
    readonly open: number;
    /** Number of sessions whose `onClose` is being called. */
    readonly closing: number;
  };
  /** Changes in place: copying 10,000 sessions per event would cost more than the event's work. */
  readonly table: SessionTable<SessionRef>;
  /** `sessions.close` was received: no session opens any more. */
  readonly isClosed: boolean;
  /** A sweep is scheduled. Invariant: one is while a session is open. */
  readonly sweeps: boolean;
  readonly input: SessionsInput;
};

/** An interface, because the inferred type would name types that xstate does not export. */
export interface SessionsLogic extends ActorLogic<SessionsSnapshot, SessionsEvent, SessionsInput> {}

type Scope = ActorScope<SessionsSnapshot, SessionsEvent>;

/** Milliseconds between two sweeps for expired sessions. */
const SWEEP_INTERVAL_MS = 1000;
const SWEEP = "sweep";

const ACTOR_PREFIX = "session.";

function end(table: SessionTable<SessionRef>, id: string, reason: SessionEndReason): void {
  table.close(id)?.send({ type: "session.end", id, reason });
}

/** Removes a session whose actor has ended. @returns whether there was one. */
function remove({ table, input }: SessionsSnapshot, event: DoneActorEvent | ErrorActorEvent): boolean {
  const end = actorEndOf(event.type);
  if (end?.actor.startsWith(ACTOR_PREFIX) !== true) return false;
  const id = end.actor.slice(ACTOR_PREFIX.length);
  const isKnown = table.remove(id);
  // An actor that has closed has sent `session.closed` itself; one that died has not.
  if (isKnown && end.how === "error") input.edge.send({ type: "session.closed", id });
  return isKnown;
}

/** Schedules the next sweep, or cancels it when no session is open. */
function settled(snapshot: SessionsSnapshot, scope: Scope): SessionsSnapshot {
  const { table, sweeps } = snapshot;
  const shouldSweep = table.open > 0;
  if (shouldSweep && !sweeps) {
    scheduleOwn(scope, { type: "sessions.sweep" }, SWEEP_INTERVAL_MS, SWEEP);
  } else if (!shouldSweep && sweeps) {
    cancelOwn(scope, SWEEP);
  }
  return {
    ...snapshot,
    sweeps: shouldSweep,
    context: { open: table.open, closing: table.closing },
  };
}

/**
 * All sessions, as actor logic: it starts an actor for each, forwards the session's events to it, and ends expired
 * sessions, at most 2 s late. O(1) per event.
 *
 * It is not a state machine because of its children: a machine copies the list of its children whenever one is added
 * or removed, and with a timer per session each actor that stops would scan all timers.
 *
 * @param session the machine of one session, with its I/O.
 */
export function sessionsLogic(session: typeof sessionMachine = sessionMachine): SessionsLogic {
  function open(
    { table, isClosed, input }: SessionsSnapshot,
    { id, expiresAt, onClose }: SessionOpened,
    { self }: Scope,
  ): void {
    if (isClosed || table.has(id)) return;
    const ref = createActor(session, {
      parent: self,
      id: ACTOR_PREFIX + id,
      input: { id, expiresAt, onClose, edge: input.edge },
    });
    table.add(id, expiresAt, ref);
    ref.start();
  }

  return {
    getInitialSnapshot: (_scope, input) => ({
      status: "active",
      output: undefined,
      error: undefined,
      context: { open: 0, closing: 0 },
      table: new SessionTable(),
      isClosed: false,
      sweeps: false,
      input,
    }),

    // xstate stops only a machine's children with it. Here the actor's own end, stopped or died, stops the sessions.
    start: ({ table }, { self, stopChild }) => {
      const stopAll = (): void => {
        for (const each of table.sessions()) stopChild(each);
      };
      self.subscribe({ complete: stopAll, error: stopAll });
    },

    transition: (snapshot, event, scope) => {
      const { table, isClosed, input } = snapshot;
      switch (event.type) {
        case "session.opened":
          open(snapshot, event, scope);
          return settled(snapshot, scope);
        case "session.used":
          table.extend(event.id, event.expiresAt)?.send(event);
          return snapshot;
        case "session.end":
          end(table, event.id, event.reason);
          return settled(snapshot, scope);
        case "sessions.sweep":
          for (const id of table.sweep(input.now())) end(table, id, "expired");
          return settled({ ...snapshot, sweeps: false }, scope);
        case "sessions.close":
          for (const { id } of table.entries()) end(table, id, "drained");
          if (table.closing === 0) input.worker.send({ type: "sessions.closed" });
          return settled({ ...snapshot, isClosed: true }, scope);
        default:
          if (!remove(snapshot, event)) return snapshot;
          if (isClosed && table.closing === 0) input.worker.send({ type: "sessions.closed" });
          return settled(snapshot, scope);
      }
    },

    // Sessions belong to clients that are connected to this process, so they are not restored: for reading only.
    getPersistedSnapshot: ({ status, output, error, context, table }) =>
      ({ status, output, error, context, sessions: [...table.entries()] }) as Snapshot<unknown>,
  };
}
