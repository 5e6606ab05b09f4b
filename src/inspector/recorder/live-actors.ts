import type { AnyActorRef, Snapshot } from "xstate";
import { parentOf } from "../../../machines/xstate-internals.js";
import type { WallClock } from "../../shared/wall-clock.js";
import type { ActorKind, ActorRow, ActorStatus, StateValue } from "./frames.js";

/** Changes since the last call. */
export interface Changes {
  readonly changed: readonly LiveActor[];
  /** References of those that ended. */
  readonly gone: readonly string[];
}

/** The actors that are alive, parents before their children, and which of them changed. O(1) per event. */
export class LiveActors implements Iterable<LiveActor> {
  readonly #actors = new Map<AnyActorRef, LiveActor>();
  readonly #byId = new Map<string, LiveActor>();
  #changed: LiveActor[] = [];
  #gone: string[] = [];

  /** How many there are. */
  get size(): number {
    return this.#actors.size;
  }

  [Symbol.iterator](): Iterator<LiveActor> {
    return this.#actors.values();
  }

  get(self: AnyActorRef): LiveActor | undefined {
    return this.#actors.get(self);
  }

  withId(id: string): LiveActor | undefined {
    return this.#byId.get(id);
  }

  /** @param now milliseconds of `performance.now()`. */
  begin(self: AnyActorRef, kind: ActorKind, now: number): LiveActor {
    const actor = new LiveActor(self, kind, now);
    this.#actors.set(self, actor);
    this.#byId.set(actor.id, actor);
    return actor;
  }

  end(actor: LiveActor): void {
    if (!this.#actors.delete(actor.self)) return;
    // Another one may have taken its place.
    if (this.#byId.get(actor.id) === actor) this.#byId.delete(actor.id);
    this.#gone.push(actor.ref);
  }

  /** Marks an actor as changed. */
  change(actor: LiveActor): void {
    if (actor.isChanged) return;
    actor.isChanged = true;
    this.#changed.push(actor);
  }

  /** The changes since the last call. */
  takeChanges(): Changes {
    const changes = { changed: this.#changed, gone: this.#gone };
    for (const actor of this.#changed) actor.isChanged = false;
    this.#changed = [];
    this.#gone = [];
    return changes;
  }

  /** Reports these with the next changes, but for those that have ended. */
  putBack(actors: readonly LiveActor[]): void {
    for (const actor of actors) if (actor.status === "active") this.change(actor);
  }
}

/** The parts of a snapshot that are read, of any kind of logic. */
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
  /** Events that were not recorded, and how many of them were reported. */
  leftOut = 0;
  leftOutReported = 0;
  /** It has changed since the last call of {@link LiveActors.takeChanges}. */
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
    return parentOf(this.self)?.id;
  }

  /** @param clock for times of day. */
  row(clock: WallClock): ActorRow {
    const { ref, id, kind, status, since, events, snapshot } = this;
    return {
      ref,
      id,
      parent: parentOf(this.self)?.sessionId,
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
