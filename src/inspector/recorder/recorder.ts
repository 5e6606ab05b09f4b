import type { AnyActorLogic, AnyTransitionDefinition, EventObject } from "xstate";
import { senderOf } from "../../../machines/senders.js";
import { actorEndOf, isMachine, transitionsOf } from "../../../machines/xstate-internals.js";
import type { WallClock } from "../../shared/wall-clock.js";
import type { Chart } from "../chart/chart.js";
import { edgeIdOf } from "../chart/machine-charts.js";
import { isSameState } from "../chart/state-value.js";
import { takenEdges } from "../chart/taken-edges.js";
import { causesOf } from "./error-record.js";
import { Budget, Flows } from "./flows.js";
import type { ActorKind, ActorStatus, ErrorRecord } from "./frames.js";
import { type AnySnapshot, type LiveActor, LiveActors } from "./live-actors.js";
import { type OpenRecord, Records, type Unnumbered } from "./records.js";
import { safeValue } from "./safe-value.js";

/** Records per second of the worker's own actors, of all requests and sessions that are followed, and of errors. */
const LIFECYCLE_PER_SECOND = 200;
const TRAFFIC_PER_SECOND = 1500;
const ERRORS_PER_SECOND = 20;

/** Ids of the sessions' actors begin with it. */
const SESSION_PREFIX = "session.";

interface RecorderOptions {
  /** Of each kind of machine. */
  readonly charts: Readonly<Partial<Record<ActorKind, Chart>>>;
  /** Records that are kept of the worker's own actors, and as many again of requests and sessions. */
  readonly size: number;
  readonly clock: WallClock;
  /** Takes secrets out of text. */
  readonly scrub: (text: string) => string;
}

/**
 * Records what the worker's actors do. Each actor's logic is wrapped once, at the start, and records every event from then on.
 *
 * It is always on while there is an inspector, because a user looks for what happened before. So that
 * it costs next to nothing however many requests come, only some requests and sessions are followed (see {@link Flows}),
 * and what was left out is counted.
 *
 * xstate's own inspection is not used: as soon as it has a listener, it costs on every event of every actor, which is a
 * sixth of what a request costs in all.
 */
export class Recorder {
  readonly flows = new Flows();
  readonly actors = new LiveActors();
  readonly records: Records;
  readonly #charts: RecorderOptions["charts"];
  readonly #scrub: (text: string) => string;
  readonly #errorBudget = new Budget(ERRORS_PER_SECOND);
  readonly #lifecycleBudget = new Budget(LIFECYCLE_PER_SECOND);
  readonly #trafficBudget = new Budget(TRAFFIC_PER_SECOND);
  constructor({ charts, size, clock, scrub }: RecorderOptions) {
    this.#charts = charts;
    this.#scrub = scrub;
    this.records = new Records(size, clock);
  }

  /** The same logic, which records what it does. */
  recorded<Logic extends AnyActorLogic>(kind: ActorKind, logic: Logic): Logic {
    const recorded = Object.create(logic) as Logic;
    recorded.getInitialSnapshot = (scope, input) => {
      const actor = this.actors.begin(scope.self, kind, performance.now());
      actor.events++;
      const init: EventObject & { readonly input: unknown } = { type: "xstate.init", input };
      const open = this.#begin(actor, init);
      const snapshot: AnySnapshot = logic.getInitialSnapshot(scope, input);
      this.#finish(actor, open, undefined, snapshot, "xstate.init", []);
      return snapshot;
    };
    recorded.transition = (before, event: EventObject, scope) => {
      const actor = this.actors.get(scope.self);
      if (actor === undefined) return logic.transition(before, event, scope);
      actor.events++;
      const open = this.#begin(actor, event);
      let after: AnySnapshot;
      try {
        after = logic.transition(before, event, scope);
      } catch (error) {
        // Its parent receives the error, and the recorder with it.
        if (open !== undefined) open.record.status = "error";
        throw error;
      }
      const first = open !== undefined && isMachine(logic) ? transitionsOf(logic, before, event) : [];
      this.#finish(actor, open, before, after, event.type, first);
      if (event.type === "xstate.stop" || after.status !== "active") this.actors.end(actor);
      return after;
    };
    return recorded;
  }

  /**
   * Records an error, where not too many come.
   *
   * @param make is called for those that are recorded.
   */
  error(make: () => Unnumbered<ErrorRecord> | undefined): void {
    if (!this.#errorBudget.take()) {
      const [root] = this.actors;
      if (root !== undefined) root.leftOut++;
      return;
    }
    const error = make();
    if (error !== undefined) this.records.error(error);
  }

  /**
   * Records that an actor takes an event, before it does: what it does then comes behind it. What becomes of it is filled in
   * by `#finish`, within the same turn of the event loop.
   */
  #begin(actor: LiveActor, event: EventObject): OpenRecord | undefined {
    const { type } = event;
    const end = actorEndOf(type);
    if (end?.how === "error") this.#died(end.actor, event);
    const flow = this.#flowOf(actor, event);
    if (flow === undefined ? !this.#lifecycleBudget.take() : !this.#takes(actor, type, flow)) {
      actor.leftOut++;
      return undefined;
    }
    const payload = safeValue(event, this.#scrub);
    const isOfParent = type === "xstate.init" || type === "xstate.stop";
    return this.records.open(
      flow === undefined ? "lifecycle" : "traffic",
      {
        kind: "event",
        ref: actor.ref,
        actor: actor.id,
        sender: isOfParent
          ? actor.parentId
          : senderOf(type, actor, flow, (request) => this.flows.placeOf(request)),
        event: type,
        payload: payload.value,
        status: "active",
        state: undefined,
        edges: [],
      },
      payload.size,
    );
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
    if (!isSameState(before?.value, after.value)) actor.since = performance.now();
    actor.snapshot = after;
    actor.status = status;
    this.actors.change(actor);
    if (open === undefined) return;
    const { record } = open;
    record.status = status;
    record.state = after.value;
    if (after.context !== before?.context) {
      const context = safeValue(after.context, this.#scrub);
      record.context = context.value;
      this.records.grow(open, context.size);
    }
    const chart = this.#charts[actor.kind];
    if (chart !== undefined && after.value !== undefined) {
      record.edges = takenEdges(chart, before?.value, type, after.value, first.map(edgeIdOf));
    }
  }

  /** The request or session that an event is about; undefined where it is about the worker itself. */
  #flowOf(actor: LiveActor, event: EventObject): string | undefined {
    if (actor.kind === "session") return actor.id.slice(SESSION_PREFIX.length);
    if (actor.kind !== "queue" && actor.kind !== "edge" && actor.kind !== "sessions") return undefined;
    if ("id" in event && typeof event.id === "string") return event.id;
    const ended = actorEndOf(event.type)?.actor;
    return ended?.startsWith(SESSION_PREFIX) ? ended.slice(SESSION_PREFIX.length) : undefined;
  }

  /** Whether an event of a request or session is recorded. */
  #takes(actor: LiveActor, type: string, flow: string): boolean {
    const isFollowed = type === "session.opened" ? this.flows.begin(flow) : this.flows.has(flow);
    if (!isFollowed) return false;
    if (type === "request.arrived") this.flows.place(flow, actor.id);
    // The last event of a session.
    if (actor.kind === "sessions" && type.startsWith("xstate.")) this.flows.end(flow);
    return this.#trafficBudget.take();
  }

  /** A child has died. A child that is not recorded is a task that failed, which its parent handles. */
  #died(id: string, event: EventObject): void {
    const actor = this.actors.withId(id);
    if (actor === undefined) return;
    actor.status = "error";
    this.actors.end(actor);
    this.error(() => ({
      kind: "error",
      level: "error",
      message: `the actor ${id} died`,
      actor: id,
      causes: causesOf("error" in event ? event.error : undefined, this.#scrub),
      details: {},
    }));
  }
}
