import { type ActorRef, assign, fromPromise, type Snapshot, sendTo, setup } from "xstate";
import type { KeyFailed, KeyHeld } from "./events.js";

/** What the key actor is started with. */
export interface KeyInput {
  readonly worker: ActorRef<Snapshot<unknown>, KeyHeld | KeyFailed>;
}

/** What the key actor knows. */
export interface KeyContext extends KeyInput {
  /** Tries that have failed. */
  readonly failures: number;
  /** Why the last try failed. */
  readonly lastError: string | undefined;
}

/** Tries after which the worker counts as errored; trying goes on. */
export const KEY_ATTEMPTS = 5;

/** What the engine is told when the public key cannot be had. */
export const KEY_FAILED_MESSAGE = "Failed to get Serverless public key after all retry attempts";

/**
 * Gets the engine's public key: 5 tries, waiting 1, 2, 4 and 8 s between them; after the last the worker is
 * told that it failed, and every 10 s a quiet try follows until the key is held.
 */
export const keyMachine = setup({
  types: {} as { context: KeyContext; input: KeyInput },
  actors: {
    fetchKey: fromPromise<string>(() => Promise.reject(new Error("fetchKey is not provided"))),
  },
  delays: {
    backOff: ({ context }) => 1000 * 2 ** (context.failures - 1),
    quietRetry: 10_000,
  },
  guards: {
    triesAreLeft: ({ context }) => context.failures + 1 < KEY_ATTEMPTS,
    isLastTry: ({ context }) => context.failures + 1 === KEY_ATTEMPTS,
  },
  actions: {
    countFailure: assign(({ context }, { error }: { error: unknown }) => ({
      failures: context.failures + 1,
      lastError: error instanceof Error ? error.message : String(error),
    })),
    tellHeld: sendTo(
      ({ context }) => context.worker,
      (_, { pem }: { pem: string }) => ({ type: "key.held", pem }) satisfies KeyHeld,
    ),
    tellFailed: sendTo(({ context }) => context.worker, {
      type: "key.failed",
      message: KEY_FAILED_MESSAGE,
    } satisfies KeyFailed),
  },
}).createMachine({
  id: "key",
  context: ({ input }) => ({ ...input, failures: 0, lastError: undefined }),
  initial: "fetching",
  states: {
    fetching: {
      invoke: {
        id: "fetchKey",
        src: "fetchKey",
        onDone: {
          target: "held",
          actions: { type: "tellHeld", params: ({ event }) => ({ pem: event.output }) },
        },
        onError: [
          {
            guard: "triesAreLeft",
            target: "backingOff",
            actions: { type: "countFailure", params: ({ event }) => ({ error: event.error }) },
          },
          {
            guard: "isLastTry",
            target: "failed",
            actions: [
              { type: "countFailure", params: ({ event }) => ({ error: event.error }) },
              "tellFailed",
            ],
          },
          {
            target: "failed",
            actions: { type: "countFailure", params: ({ event }) => ({ error: event.error }) },
          },
        ],
      },
    },
    backingOff: { after: { backOff: "fetching" } },
    failed: { after: { quietRetry: "fetching" } },
    held: {},
  },
});
