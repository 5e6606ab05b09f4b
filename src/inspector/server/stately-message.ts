import type { ActorStatus, SafeValue, StateValue } from "../recorder/frames.js";

/** Version of `@statelyai/inspect` whose wire format this is. */
const FORMAT = "0.7.2";

/** An actor as Stately's tools show it. */
export interface StatelySnapshot {
  readonly status: ActorStatus;
  readonly value: StateValue | undefined;
  readonly context: SafeValue | undefined;
}

interface Base {
  /** The actor. */
  readonly sessionId: string;
  readonly rootId: string | undefined;
  /** Epoch milliseconds as text. */
  readonly createdAt: string;
  readonly id: null;
  readonly _version: string;
}

/** An event that an actor takes: its type, and what else it holds. */
export type StatelyEvent = { readonly type: string } & { readonly [key: string]: SafeValue };

/** A message in the wire format of `@statelyai/inspect`: one text frame of JSON each. */
export type StatelyMessage = Base &
  (
    | {
        readonly type: "@xstate.actor";
        readonly name: string;
        readonly parentId: string | undefined;
        /** JSON text of the machine's configuration; of other actors, of their name. */
        readonly definition: string;
        readonly snapshot: StatelySnapshot;
      }
    | { readonly type: "@xstate.event"; readonly sourceId: string | undefined; readonly event: StatelyEvent }
    | { readonly type: "@xstate.snapshot"; readonly event: StatelyEvent; readonly snapshot: StatelySnapshot }
  );

/** What all messages about an actor have in common. */
export const statelyBase = (sessionId: string, rootId: string | undefined, at: number): Base => ({
  sessionId,
  rootId,
  createdAt: String(Math.round(at)),
  id: null,
  _version: FORMAT,
});
