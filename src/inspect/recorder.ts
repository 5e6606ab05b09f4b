import type {
  AnyActorLogic,
  AnyActorRef,
  AnyStateMachine,
  AnyTransitionDefinition,
  EventObject,
} from "xstate";
import type { Chart } from "../chart/chart.js";
import { edgeIdOf } from "../chart/chart-of.js";
import { isSameState } from "../chart/same-state.js";
import { takenEdges } from "../chart/taken-edges.js";
import { Budget } from "./budget.js";
import { causesOf } from "./causes-of.js";
import type { Clock } from "./clock.js";
import { Flows } from "./flows.js";
import type {
  ActorKind,
  ActorStatus,
  ErrorRecord,
  EventRecord,
  InspectRecord,
  RequestRecord,
} from "./frames.js";
import { type AnySnapshot, LiveActor } from "./live-actor.js";
import { type Kept, Ring } from "./ring.js";
import { safeValue } from "./safe-value.js";
import { senderOf } from "./sender-of.js";

/** A record while it is made. */
type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
/** A record of some kind without what the recorder gives it. */
type Unnumbered<T> = Omit<T, "n" | "at">;

/** Records per second of the worker's own actors, of all requests and sessions that are followed, and of errors. */
const LIFECYCLE_PER_SECOND = 200;
const TRAFFIC_PER_SECOND = 1500;
const ERRORS_PER_SECOND = 20;

/** Errors that are kept. */
const MAX_ERRORS = 500;
/** Bytes of the records of each kind that are kept, about: a hello holds them all. */
const MAX_BYTES = 3 * 1024 * 1024;
/** Bytes of a record besides what it shows of values. */
const FRAME_BYTES = 200;

/** What xstate says of a child that died. */
const DEATH = "xstate.error.actor.";
/** What a session's actor says to its parent at its end. */
const SESSION_END = /^xstate\.(?:done|error)\.actor\.session\.(.+)$/;

const isMachine = (logic: AnyActorLogic): logic is AnyStateMachine => "getTransitionData" in logic;

export interface RecorderOptions {
  /** Of each kind of machine. */
  readonly charts: Readonly<Partial<Record<ActorKind, Chart>>>;
  /** Records that are kept of the worker's own actors, and as many again of requests and sessions. */
  readonly size: number;
  readonly clock: Clock;
  /** Takes secrets out of text. */
  readonly scrub: (text: string) => string;
}

/** A record as it is kept. */
interface KeptRecord extends Kept {
  readonly record: InspectRecord;
}

/** The record of an event that is being taken. */
interface OpenRecord extends Kept {
  readonly record: Mutable<EventRecord>;
  readonly ring: Ring<KeptRecord>;
}

/**
 * Records what the worker's actors do. Each actor's logic is wrapped once, at the start, and from then on tells of every event.
 *
 * It is always on while there is an inspector, because what happened before somebody looked is what they look for. So that
 * it costs next to nothing however many requests come, only some requests and sessions are followed (see {@link Flows}),
 * and what was left out is counted. Records of the lifecycle, of requests and sessions, and of errors are kept apart: those
 * of which there are many cannot push the others out.
 *
 * xstate's own inspection is not used: as soon as anybody listens to it, every event of every actor pays for it, which is a
 * sixth of what a request costs in all.
 */
export class Recorder {
  readonly flows = new Flows();
  readonly #charts: RecorderOptions["charts"];
  readonly #clock: Clock;
  readonly #scrub: (text: string) => string;
  readonly #lifecycle: Ring<KeptRecord>;
  readonly #traffic: Ring<KeptRecord>;
  readonly #errors: Ring<KeptRecord>;
  readonly #errorBudget = new Budget(ERRORS_PER_SECOND);
  readonly #lifecycleBudget = new Budget(LIFECYCLE_PER_SECOND);
  readonly #trafficBudget = new Budget(TRAFFIC_PER_SECOND);
  readonly #actors = new Map<AnyActorRef, LiveActor>();
  readonly #byId = new Map<string, AnyActorRef>();
  /** Those that changed since they were last asked for, in order; and references of those that ended. */
  #changed: LiveActor[] = [];
  #gone: string[] = [];
  #n = 0;

  constructor({ charts, size, clock, scrub }: RecorderOptions) {
    this.#charts = charts;
    this.#clock = clock;
    this.#scrub = scrub;
    this.#lifecycle = new Ring(size, MAX_BYTES);
    this.#traffic = new Ring(size, MAX_BYTES);
    this.#errors = new Ring(Math.min(size, MAX_ERRORS), MAX_BYTES);
  }

  /** Number of the last record. */
  get last(): number {
    return this.#n;
  }

  /** Number of actors that are alive. */
  get alive(): number {
    return this.#actors.size;
  }

  /** The actors that are alive, parents before their children. */
  actors(): Iterable<LiveActor> {
    return this.#actors.values();
  }

  /** What is kept of the records with a larger number, oldest first. */
  after(n: number): readonly InspectRecord[] {
    const found = [this.#lifecycle, this.#traffic, this.#errors]
      .map((ring) => ring.after(n))
      .filter((records) => records.length > 0);
    const [only = [], ...others] = found;
    const all = others.length === 0 ? only : found.flat().sort((one, other) => one.n - other.n);
    return all.map(({ record }) => record);
  }

  /** Actors that changed, and references of those that ended, since this was last asked. */
  takeChanges(): { readonly changed: readonly LiveActor[]; readonly gone: readonly string[] } {
    const changes = { changed: this.#changed, gone: this.#gone };
    for (const actor of this.#changed) actor.isChanged = false;
    this.#changed = [];
    this.#gone = [];
    return changes;
  }

  /** These are to be told of with the next changes; of those that ended nothing is told behind their end. */
  putBack(actors: readonly LiveActor[]): void {
    for (const actor of actors) if (actor.status === "active") this.#change(actor);
  }

  /** The same logic, which tells of what it does. */
  recorded<Logic extends AnyActorLogic>(kind: ActorKind, logic: Logic): Logic {
    const recorded = Object.create(logic) as Logic;
    recorded.getInitialSnapshot = (scope, input) => {
      const actor = new LiveActor(scope.self, kind, this.#clock.now());
      this.#actors.set(scope.self, actor);
      this.#byId.set(actor.id, scope.self);
      actor.events++;
      const init: EventObject & { readonly input: unknown } = { type: "xstate.init", input };
      const record = this.#begin(actor, init);
      const snapshot: AnySnapshot = logic.getInitialSnapshot(scope, input);
      this.#finish(actor, record, undefined, snapshot, "xstate.init", []);
      return snapshot;
    };
    recorded.transition = (before, event: EventObject, scope) => {
      const actor = this.#actors.get(scope.self);
      if (actor === undefined) return logic.transition(before, event, scope);
      actor.events++;
      const record = this.#begin(actor, event);
      let after: AnySnapshot;
      try {
        after = logic.transition(before, event, scope);
      } catch (error) {
        // Its parent hears of it, and then so does the recorder.
        if (record !== undefined) record.record.status = "error";
        throw error;
      }
      const first = record !== undefined && isMachine(logic) ? logic.getTransitionData(before, event) : [];
      this.#finish(actor, record, before, after, event.type, first);
      if (event.type === "xstate.stop" || after.status !== "active") this.#end(actor, scope.self);
      return after;
    };
    return recorded;
  }

  request(record: Unnumbered<RequestRecord>): void {
    this.#keep(this.#traffic, { ...record, n: ++this.#n, at: this.#clock.now() }, 0);
  }

  /**
   * Records an error, where not too many come.
   *
   * @param make is called for those that are recorded.
   */
  error(make: () => Unnumbered<ErrorRecord> | undefined): void {
    if (!this.#errorBudget.take()) {
      const [root] = this.#actors.values();
      if (root !== undefined) root.leftOut++;
      return;
    }
    const record = make();
    if (record === undefined) return;
    const size = record.causes.reduce(
      (sum, { message, stack = "" }) => sum + message.length + stack.length,
      0,
    );
    this.#keep(
      this.#errors,
      { ...record, n: ++this.#n, at: this.#clock.now() },
      record.message.length + size,
    );
  }

  /**
   * Records that an actor takes an event, before it does: what it does then comes behind it. What becomes of it is filled in
   * by `#finish`, within the same turn of the event loop.
   */
  #begin(actor: LiveActor, event: EventObject): OpenRecord | undefined {
    const { type } = event;
    if (type.startsWith(DEATH)) this.#died(type.slice(DEATH.length), event);
    const flow = this.#flowOf(actor, event);
    if (flow === undefined ? !this.#lifecycleBudget.take() : !this.#takes(actor, type, flow)) {
      actor.leftOut++;
      return undefined;
    }
    const payload = safeValue(event, this.#scrub);
    const record: Mutable<EventRecord> = {
      kind: "event",
      n: ++this.#n,
      at: this.#clock.now(),
      ref: actor.ref,
      actor: actor.id,
      sender:
        type === "xstate.init" || type === "xstate.stop"
          ? actor.parentId
          : senderOf(type, actor, flow, (request) => this.flows.placeOf(request)),
      event: type,
      payload: payload.value,
      status: "active",
      state: undefined,
      edges: [],
    };
    const ring = flow === undefined ? this.#lifecycle : this.#traffic;
    const open: OpenRecord = { n: record.n, record, ring, size: payload.size + FRAME_BYTES };
    ring.push(open);
    return open;
  }

  #finish(
    actor: LiveActor,
    open: OpenRecord | undefined,
    before: AnySnapshot | undefined,
    after: AnySnapshot,
    type: string,
    first: readonly AnyTransitionDefinition[],
  ): void {
    const status: ActorStatus = type === "xstate.stop" ? "stopped" : after.status;
    if (!isSameState(before?.value, after.value)) actor.since = this.#clock.now();
    actor.snapshot = after;
    actor.status = status;
    this.#change(actor);
    if (open === undefined) return;
    const { record, ring } = open;
    record.status = status;
    record.state = after.value;
    if (after.context !== before?.context) {
      const context = safeValue(after.context, this.#scrub);
      record.context = context.value;
      ring.grow(open, context.size);
    }
    const chart = this.#charts[actor.kind];
    if (chart !== undefined && after.value !== undefined) {
      record.edges = takenEdges(chart, before?.value, type, after.value, first.map(edgeIdOf));
    }
  }

  /** The request or session that an event is about; undefined where it is about the worker itself. */
  #flowOf(actor: LiveActor, event: EventObject): string | undefined {
    if (actor.kind === "session") return actor.id.slice("session.".length);
    if (actor.kind !== "queue" && actor.kind !== "edge" && actor.kind !== "sessions") return undefined;
    if ("id" in event && typeof event.id === "string") return event.id;
    return actor.kind === "sessions" ? SESSION_END.exec(event.type)?.[1] : undefined;
  }

  /** Whether an event of a request or session is recorded. */
  #takes(actor: LiveActor, type: string, flow: string): boolean {
    const isFollowed = type === "session.opened" ? this.flows.begin(flow) : this.flows.has(flow);
    if (!isFollowed) return false;
    if (type === "request.arrived") this.flows.place(flow, actor.id);
    // The last that is heard of a session.
    if (actor.kind === "sessions" && type.startsWith("xstate.")) this.flows.end(flow);
    return this.#trafficBudget.take();
  }

  /** A child has died. One that is not recorded is a task that failed: how that is taken, its parent's chart tells. */
  #died(id: string, event: EventObject): void {
    const self = this.#byId.get(id);
    const actor = self && this.#actors.get(self);
    if (self === undefined || actor === undefined) return;
    actor.status = "error";
    this.#end(actor, self);
    this.error(() => ({
      kind: "error",
      level: "error",
      message: `the actor ${id} died`,
      actor: id,
      causes: causesOf("error" in event ? event.error : undefined, this.#scrub),
      details: {},
    }));
  }

  #end(actor: LiveActor, self: AnyActorRef): void {
    if (!this.#actors.delete(self)) return;
    // Another one may have taken its place.
    if (this.#byId.get(actor.id) === self) this.#byId.delete(actor.id);
    this.#gone.push(actor.ref);
  }

  #change(actor: LiveActor): void {
    if (actor.isChanged) return;
    actor.isChanged = true;
    this.#changed.push(actor);
  }

  #keep(ring: Ring<KeptRecord>, record: InspectRecord, size: number): void {
    ring.push({ n: record.n, record, size: size + FRAME_BYTES });
  }
}
