import type { AnyActorRef } from "xstate";
import type { ActorKind } from "./frames.js";
import { LiveActor } from "./live-actor.js";

/** What has become of actors. */
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

  /** It has changed: it is told of once, however often it does. */
  change(actor: LiveActor): void {
    if (actor.isChanged) return;
    actor.isChanged = true;
    this.#changed.push(actor);
  }

  /** What changed since this was last asked. */
  takeChanges(): Changes {
    const changes = { changed: this.#changed, gone: this.#gone };
    for (const actor of this.#changed) actor.isChanged = false;
    this.#changed = [];
    this.#gone = [];
    return changes;
  }

  /** These are to be told of with the next changes; of those that ended nothing is told behind their end. */
  putBack(actors: readonly LiveActor[]): void {
    for (const actor of actors) if (actor.status === "active") this.change(actor);
  }
}
