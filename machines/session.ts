import { assign, fromPromise, setup } from "xstate";
import type {
  OnClose,
  SessionClosed,
  SessionClosing,
  SessionEnd,
  SessionEndReason,
  SessionUsed,
} from "./events.js";

/** Input of a session actor. */
export interface SessionInput {
  readonly id: string;
  /** Milliseconds of `performance.now()`. */
  readonly expiresAt: number;
  /** Called when the session closes; undefined: nothing. */
  readonly onClose: OnClose | undefined;
  /** Holds the session's requests and its place. */
  readonly edge: { send(event: SessionClosing | SessionClosed): void };
}

/** State of a session actor. */
export interface SessionContext extends SessionInput {
  /** Number of its requests so far. */
  readonly used: number;
  /** Why its `onClose` failed. */
  readonly lastError: string | undefined;
}

/** Input of the call of a session's `onClose`. */
export interface OnCloseCall extends OnClose {
  /** The session's id. */
  readonly id: string;
}

/**
 * One session: `open → closing → closed`. Its expiry is checked by {@link sessionsLogic}, for all sessions at once.
 * Calling its `onClose` is best effort: the session closes whether the call succeeds or not.
 */
export const sessionMachine = setup({
  types: {} as { context: SessionContext; input: SessionInput; events: SessionUsed | SessionEnd },
  actors: {
    callOnClose: fromPromise<void, OnCloseCall>(() =>
      Promise.reject(new Error("callOnClose is not provided")),
    ),
  },
  guards: { hasOnClose: ({ context }) => context.onClose !== undefined },
  actions: {
    extend: assign(({ context }, { expiresAt }: { expiresAt: number }) => ({
      expiresAt,
      used: context.used + 1,
    })),
    reportClosing: ({ context: { edge, id } }, { reason }: { reason: SessionEndReason }) =>
      edge.send({ type: "session.closing", id, reason }),
    reportClosed: ({ context: { edge, id } }) => edge.send({ type: "session.closed", id }),
    noteError: assign((_, { error }: { error: unknown }) => ({
      lastError: error instanceof Error ? error.message : String(error),
    })),
  },
}).createMachine({
  id: "session",
  context: ({ input }) => ({ ...input, used: 0, lastError: undefined }),
  initial: "open",
  states: {
    open: {
      on: {
        "session.used": { actions: { type: "extend", params: ({ event }) => event } },
        // Its requests have to end before `onClose` is called: a transition's actions run before the target state's
        // invocation.
        "session.end": [
          {
            guard: "hasOnClose",
            target: "closing",
            actions: { type: "reportClosing", params: ({ event }) => event },
          },
          { target: "closed", actions: { type: "reportClosing", params: ({ event }) => event } },
        ],
      },
    },
    closing: {
      invoke: {
        id: "callOnClose",
        src: "callOnClose",
        input: ({ context: { id, onClose } }) => ({
          id,
          route: onClose?.route ?? "",
          payload: onClose?.payload,
        }),
        onDone: "closed",
        onError: {
          target: "closed",
          actions: { type: "noteError", params: ({ event }) => ({ error: event.error }) },
        },
      },
    },
    closed: { type: "final", entry: "reportClosed" },
  },
});
