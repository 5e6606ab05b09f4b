import { assign, fromPromise, setup } from "xstate";
import type {
  OnClose,
  SessionClosed,
  SessionClosing,
  SessionEnd,
  SessionEndReason,
  SessionUsed,
} from "./events.js";

/** What a session actor is started with. */
export interface SessionInput {
  readonly id: string;
  /** Milliseconds of `performance.now()`. */
  readonly expiresAt: number;
  /** Undefined where nothing is to be called when it closes. */
  readonly onClose: OnClose | undefined;
  /** Whoever keeps the session's requests, and its place. */
  readonly edge: { send(event: SessionClosing | SessionClosed): void };
}

/** What a session actor knows. */
export interface SessionContext extends SessionInput {
  /** Number of requests that came in it. */
  readonly used: number;
  /** Why its `onClose` failed. */
  readonly lastError: string | undefined;
}

/** What the call of a session's `onClose` is asked to do. */
export interface OnCloseCall extends OnClose {
  /** The session's id. */
  readonly id: string;
}

/**
 * One session: `open → closing → closed`. It does not watch its own time: {@link sessionsLogic} does that for
 * all of them. Its `onClose` is called on best effort, and it closes whatever comes of it.
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
    tellClosing: ({ context: { edge, id } }, { reason }: { reason: SessionEndReason }) =>
      edge.send({ type: "session.closing", id, reason }),
    tellClosed: ({ context: { edge, id } }) => edge.send({ type: "session.closed", id }),
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
        // Its requests are to have been ended before anybody is told that it is over: a transition's actions come
        // before the call.
        "session.end": [
          {
            guard: "hasOnClose",
            target: "closing",
            actions: { type: "tellClosing", params: ({ event }) => event },
          },
          { target: "closed", actions: { type: "tellClosing", params: ({ event }) => event } },
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
    closed: { type: "final", entry: "tellClosed" },
  },
});
