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

/** What the sessions actor is started with. */
export interface SessionsInput {
  /** Whoever is told how sessions close. */
  readonly edge: { send(event: SessionClosing | SessionClosed): void };
  /** Whoever is told that all have closed. */
  readonly worker: { send(event: SessionsClosed): void };
}

/** Events that the sessions actor takes. */
export type SessionsEvent =
  | SessionOpened
  | SessionUsed
  | SessionEnd
  | SessionsClose
  | SessionsSweep
  | DoneActorEvent
  | ErrorActorEvent;

type SessionRef = ActorRefFrom<typeof sessionMachine>;

/** The sessions actor's snapshot: `context` is for people, `table` holds the sessions. */
export type SessionsSnapshot = Snapshot<undefined> & {
  readonly context: {
    readonly open: number;
    /** Number of sessions whose `onClose` is being called. */
    readonly closing: number;
  };
  /** Changes in place: copying 10,000 sessions per event would cost more than the event's work. */
  readonly table: SessionTable<SessionRef>;
  /** `sessions.close` has come: no session opens any more. */
  readonly isClosed: boolean;
  /** A sweep is scheduled: invariantly so while a session is open. */
  readonly sweeps: boolean;
  readonly input: SessionsInput;
};

/** Named, so that the machines' types can be written down without names that xstate keeps to itself. */
export interface SessionsLogic extends ActorLogic<SessionsSnapshot, SessionsEvent, SessionsInput> {}

type Scope = ActorScope<SessionsSnapshot, SessionsEvent>;

/** Milliseconds between two looks for sessions whose time is over. */
const SWEEP_INTERVAL_MS = 1000;
const SWEEP = "sweep";

const DONE = "xstate.done.actor.session.";
const ERROR = "xstate.error.actor.session.";
const actorId = (id: string): string => `session.${id}`;

function end(table: SessionTable<SessionRef>, id: string, reason: SessionEndReason): void {
  table.close(id)?.send({ type: "session.end", id, reason });
}

/** A session's actor has ended; returns whether there was one. */
function letGo({ table, input }: SessionsSnapshot, { type }: DoneActorEvent | ErrorActorEvent): boolean {
  if (type.startsWith(DONE)) return table.remove(type.slice(DONE.length));
  if (!type.startsWith(ERROR)) return false;
  const id = type.slice(ERROR.length);
  const isKnown = table.remove(id);
  // One that has closed has said so itself; one that died has not.
  if (isKnown) input.edge.send({ type: "session.closed", id });
  return isKnown;
}

/** Schedules the next sweep, or cancels it where nothing is left that could expire. */
function settled(snapshot: SessionsSnapshot, { self, system }: Scope): SessionsSnapshot {
  const { table, sweeps } = snapshot;
  const shouldSweep = table.open > 0;
  if (shouldSweep && !sweeps) {
    system.scheduler.schedule(self, self, { type: "sessions.sweep" }, SWEEP_INTERVAL_MS, SWEEP);
  } else if (!shouldSweep && sweeps) {
    system.scheduler.cancel(self, SWEEP);
  }
  return {
    ...snapshot,
    sweeps: shouldSweep,
    context: { open: table.open, closing: table.closing },
  };
}

/**
 * All sessions, as actor logic: gives each its own actor, hands on what concerns it, and ends those whose time is
 * over, at most 2 s late. O(1) per event.
 *
 * It is no state machine because of its children: a machine copies the list of them with each that comes or goes,
 * and one timer per session would make each actor that stops go through all timers.
 *
 * @param session the machine of one session, with its I/O.
 * @param now the time, in milliseconds of the clock that expiries are on: one that never jumps.
 */
export function sessionsLogic(
  session: typeof sessionMachine = sessionMachine,
  now: () => number = () => performance.now(),
): SessionsLogic {
  function open(
    { table, isClosed, input }: SessionsSnapshot,
    { id, expiresAt, onClose }: SessionOpened,
    { self }: Scope,
  ): void {
    if (isClosed || table.has(id)) return;
    const ref = createActor(session, {
      parent: self,
      id: actorId(id),
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

    // Only a machine's children are stopped with it. Here it is the actor's own end, whether it was stopped or died,
    // that stops the sessions.
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
          for (const id of table.sweep(now())) end(table, id, "expired");
          return settled({ ...snapshot, sweeps: false }, scope);
        case "sessions.close":
          for (const { id } of table.entries()) end(table, id, "drained");
          if (table.closing === 0) input.worker.send({ type: "sessions.closed" });
          return settled({ ...snapshot, isClosed: true }, scope);
        default:
          if (!letGo(snapshot, event)) return snapshot;
          if (isClosed && table.closing === 0) input.worker.send({ type: "sessions.closed" });
          return settled(snapshot, scope);
      }
    },

    // Sessions belong to clients that are connected to this process, so they are not restored: for reading.
    getPersistedSnapshot: ({ status, output, error, context, table }) =>
      ({ status, output, error, context, sessions: [...table.entries()] }) as Snapshot<unknown>,
  };
}
