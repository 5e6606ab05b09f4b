import { createActor, type InspectionEvent, SimulatedClock } from "xstate";
import type { OnClose, SessionClosed, SessionClosing, SessionsClosed } from "../../../machines/events.js";
import { type OnCloseCall, sessionMachine } from "../../../machines/session.js";
import { sessionsLogic } from "../../../machines/sessions.js";
import { scheduledEvents } from "../../../machines/xstate-internals.js";
import { Calls } from "./calls.js";
import { settled } from "./settled.js";

interface Options {
  readonly session?: typeof sessionMachine;
  readonly inspect?: (event: InspectionEvent) => void;
}

/** A sessions actor whose sessions' `onClose` the test answers. Its clock starts at 0. */
export function startedSessions({ session = sessionMachine, inspect = () => {} }: Options = {}) {
  const clock = new SimulatedClock();
  const callOnClose = new Calls<void, OnCloseCall>();
  const received: (SessionClosing | SessionClosed)[] = [];
  const reported: SessionsClosed[] = [];
  const sessions = createActor(
    sessionsLogic(session.provide({ actors: { callOnClose: callOnClose.logic } })),
    {
      clock,
      inspect,
      input: {
        edge: { send: (event) => received.push(event) },
        worker: { send: (event) => reported.push(event) },
        now: () => clock.now(),
      },
    },
  ).start();
  return {
    sessions,
    callOnClose,
    /** The events that the edge received. */
    received,
    /** The events that the worker received. */
    reported,
    open: (id: string, expiresAt = 60_000, onClose?: OnClose) =>
      sessions.send({ type: "session.opened", id, expiresAt, onClose }),
    use: (id: string, expiresAt: number) => sessions.send({ type: "session.used", id, expiresAt }),
    end: (id: string) => sessions.send({ type: "session.end", id, reason: "ended" }),
    close: () => sessions.send({ type: "sessions.close" }),
    counts: () => sessions.getSnapshot().context,
    /** Number of events that are scheduled. */
    timers: () => scheduledEvents(sessions).length,
    now: () => clock.now(),
    pass: async (ms: number) => {
      clock.increment(ms);
      await settled();
    },
  };
}
