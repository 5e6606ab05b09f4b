import type { AnyActorLogic, AnyStateMachine, AnyTransitionDefinition, EventObject } from "xstate";
import type { WallClock } from "../../shared/wall-clock.js";
import type { Chart } from "../chart/chart.js";
import { edgeIdOf } from "../chart/chart-of.js";
import { isSameState } from "../chart/same-state.js";
import { takenEdges } from "../chart/taken-edges.js";
import { Budget } from "./budget.js";
import { causesOf } from "./causes-of.js";
import { Flows } from "./flows.js";
import type { ActorKind, ActorStatus, ErrorRecord } from "./frames.js";
import type { AnySnapshot, LiveActor } from "./live-actor.js";
import { LiveActors } from "./live-actors.js";
import { type OpenRecord, Records, type Unnumbered } from "./records.js";
import { safeValue } from "./safe-value.js";
import { senderOf } from "./sender-of.js";

/** Records per second of the worker's own actors, of all requests and sessions that are followed, and of errors. */
const LIFECYCLE_PER_SECOND = 200;
const TRAFFIC_PER_SECOND = 1500;
const ERRORS_PER_SECOND = 20;

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
  readonly clock: WallClock;
  /** Takes secrets out of text. */
  readonly scrub: (text: string) => string;
}

/**
 * Records what the worker's actors do. Each actor's logic is wrapped once, at the start, and from then on tells of every event.
 *
 * It is always on while there is an inspector, because what happened before somebody looked is what they look for. So that
 * it costs next to nothing however many requests come, only some requests and sessions are followed (see {@link Flows}),
 * and what was left out is counted.
 *
 * xstate's own inspection is not used: as soon as anybody listens to it, every event of every actor pays for it, which is a
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

  /** The same logic, which tells of what it does. */
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
        // Its parent hears of it, and then so does the recorder.
        if (open !== undefined) open.record.status = "error";
        throw error;
      }
      const first = open !== undefined && isMachine(logic) ? logic.getTransitionData(before, event) : [];
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
    if (type.startsWith(DEATH)) this.#died(type.slice(DEATH.length), event);
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
