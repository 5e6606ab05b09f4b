import { type ActorRef, assign, fromPromise, type Snapshot, sendTo, setup } from "xstate";
import type { KeyFailed, KeyHeld } from "./events.js";

/** Input of the key actor. */
export interface KeyInput {
  readonly worker: ActorRef<Snapshot<unknown>, KeyHeld | KeyFailed>;
}

/** State of the key actor. */
export interface KeyContext extends KeyInput {
  /** Number of failed tries. */
  readonly failures: number;
  /** Why the last try failed. */
  readonly lastError: string | undefined;
}

/** Failed tries after which the worker counts as errored; further tries follow. */
export const KEY_ATTEMPTS = 5;

/** Error message in the worker's reports when the public key cannot be fetched. */
export const KEY_FAILED_MESSAGE = "Failed to get Serverless public key after all retry attempts";

/**
 * Fetches the engine's public key: 5 tries, 1, 2, 4 and 8 s apart; after the last one the worker receives
 * `key.failed`, and every 10 s an unreported try follows until one succeeds.
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
    reportHeld: sendTo(
      ({ context }) => context.worker,
      (_, { pem }: { pem: string }) => ({ type: "key.held", pem }) satisfies KeyHeld,
    ),
    reportFailed: sendTo(({ context }) => context.worker, {
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
          actions: { type: "reportHeld", params: ({ event }) => ({ pem: event.output }) },
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
              "reportFailed",
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
