import type { Chart, ChartEdge, ChartState, EdgeTrigger } from "../chart/chart.js";
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

/** The properties that all messages about an actor have. */
export const statelyBase = (sessionId: string, rootId: string | undefined, at: number): Base => ({
  sessionId,
  rootId,
  createdAt: String(Math.round(at)),
  id: null,
  _version: FORMAT,
});

/** A transition as a machine's configuration has it. */
interface Transition {
  readonly target?: string;
  readonly guard?: string;
  readonly actions?: readonly string[];
}

type Transitions = Readonly<Record<string, readonly Transition[]>>;

interface Invoke {
  readonly id: string;
  readonly src: string;
  readonly onDone?: readonly Transition[];
  readonly onError?: readonly Transition[];
}

/** The part of a machine's configuration that a drawing needs. */
interface StateConfig {
  readonly id?: string;
  readonly type?: "parallel" | "final" | "history";
  readonly initial?: string;
  readonly entry?: readonly string[];
  readonly exit?: readonly string[];
  readonly invoke?: readonly Invoke[];
  readonly on?: Transitions;
  readonly after?: Transitions;
  readonly always?: readonly Transition[];
  readonly states?: Readonly<Record<string, StateConfig>>;
}

/**
 * A chart as Stately's tools expect it: the configuration of the machine that it was drawn from, as JSON text. What is
 * a function there is its name here.
 */
export const statelyDefinition = (chart: Chart): string =>
  JSON.stringify({ id: chart.id, ...configOf(chart, chart.root) });

function configOf(chart: Chart, state: ChartState): StateConfig {
  const edges = chart.edges.filter(({ from }) => from === state.path);
  const ofKind = (kind: EdgeTrigger["kind"]): readonly ChartEdge[] =>
    edges.filter(({ on }) => on.kind === kind);
  const transition = (edge: ChartEdge): Transition => ({
    // Absolute, from the root.
    ...(edge.to !== undefined && { target: `#${idOf(chart, edge.to)}` }),
    ...(edge.guard !== undefined && { guard: edge.guard }),
    ...(edge.actions.length > 0 && { actions: edge.actions }),
  });
  const grouped = (some: readonly ChartEdge[], keyOf: (edge: ChartEdge) => string): Transitions => {
    const groups: Record<string, Transition[]> = {};
    for (const edge of some) {
      const key = keyOf(edge);
      groups[key] ??= [];
      groups[key].push(transition(edge));
    }
    return groups;
  };
  const endsOf = (kind: "done" | "error", actor: string): readonly Transition[] =>
    ofKind(kind)
      .filter(({ on }) => on.kind === kind && on.actor === actor)
      .map(transition);
  // The end of a child that was spawned, or of a state: an event like any other.
  const otherEnds = edges.filter(
    ({ on }) => (on.kind === "done" || on.kind === "error") && !state.invokes.includes(on.actor),
  );
  return {
    ...((state.kind === "parallel" || state.kind === "final" || state.kind === "history") && {
      type: state.kind,
    }),
    ...(state.initial !== undefined && {
      initial: state.path === "" ? state.initial : state.initial.slice(state.path.length + 1),
    }),
    ...(state.entry.length > 0 && { entry: state.entry }),
    ...(state.exit.length > 0 && { exit: state.exit }),
    ...filled(
      "invoke",
      state.invokes.map((actor) => ({
        id: actor,
        src: actor,
        ...filled("onDone", endsOf("done", actor)),
        ...filled("onError", endsOf("error", actor)),
      })),
    ),
    ...filled("on", grouped([...ofKind("event"), ...otherEnds], eventOf)),
    ...filled(
      "after",
      grouped(ofKind("after"), (edge) => delayOf(chart, edge)),
    ),
    ...filled("always", ofKind("always").map(transition)),
    ...filled(
      "states",
      Object.fromEntries(state.children.map((child) => [child.key, configOf(chart, child)])),
    ),
  };
}

/** The property, unless nothing is in it. */
const filled = <Key extends string, Value extends object>(key: Key, value: Value): { [K in Key]?: Value } =>
  Object.keys(value).length === 0 ? {} : ({ [key]: value } as { [K in Key]: Value });

const eventOf = ({ on }: ChartEdge): string => (on.kind === "always" ? "" : on.event);

/** A delay's name or milliseconds, as in the event that ends it: `xstate.after.<delay>.<state>`. */
const delayOf = (chart: Chart, { on, from }: ChartEdge): string =>
  on.kind === "after" ? on.event.slice("xstate.after.".length, -`.${idOf(chart, from)}`.length) : "";

/** A state's name beyond its machine. */
const idOf = (chart: Chart, path: string): string => (path === "" ? chart.id : `${chart.id}.${path}`);
