import type { AnyActorRef, Snapshot } from "xstate";
import type { WallClock } from "../../shared/wall-clock.js";
import type { ActorKind, ActorRow, ActorStatus, StateValue } from "./frames.js";

/** As much of a snapshot as is looked at, whatever kind of logic made it. */
export type AnySnapshot = Snapshot<unknown> & {
  readonly value?: StateValue;
  readonly context?: unknown;
};

/** As much of a queue's snapshot as is shown of it. */
interface QueueLike {
  readonly context: { readonly limit: number; readonly running: number; readonly waiting: number };
  readonly lane: { readonly oldestAt: number | undefined };
}

const isQueue = (snapshot: object): snapshot is QueueLike => "lane" in snapshot && "context" in snapshot;

/** An actor that is alive, and what it has done so far. */
export class LiveActor {
  readonly self: AnyActorRef;
  readonly kind: ActorKind;
  /** As it is now; undefined until it has begun. */
  snapshot: AnySnapshot | undefined;
  status: ActorStatus = "active";
  /** Since when it is in its state, in milliseconds of `performance.now()`. */
  since: number;
  events = 0;
  /** Events that were not recorded, and how many of them were told of. */
  leftOut = 0;
  leftOutTold = 0;
  /** It changed since it was last told of. */
  isChanged = false;

  constructor(self: AnyActorRef, kind: ActorKind, now: number) {
    this.self = self;
    this.kind = kind;
    this.since = now;
  }

  get ref(): string {
    return this.self.sessionId;
  }

  get id(): string {
    return this.self.id;
  }

  /** Id of its parent; undefined: it is the root. */
  get parentId(): string | undefined {
    return this.self._parent?.id;
  }

  /** @param clock for times of day. */
  row(clock: WallClock): ActorRow {
    const { ref, id, kind, status, since, events, snapshot } = this;
    return {
      ref,
      id,
      parent: this.self._parent?.sessionId,
      kind,
      status,
      state: snapshot?.value,
      since: clock.at(since),
      events,
      ...(snapshot !== undefined && isQueue(snapshot) && { lane: laneOf(snapshot, clock) }),
    };
  }
}

const laneOf = ({ context, lane }: QueueLike, clock: WallClock): NonNullable<ActorRow["lane"]> => ({
  waiting: context.waiting,
  running: context.running,
  limit: Number.isFinite(context.limit) ? context.limit : null,
  oldestAt: lane.oldestAt === undefined ? undefined : clock.at(lane.oldestAt),
});
