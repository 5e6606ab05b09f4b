import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate";
import {
  keyMachine,
  modelMachine,
  reporterMachine,
  sessionMachine,
  workerMachine,
} from "../../../machines/index.js";
import { actorEndOf, delayOf } from "../../../machines/xstate-internals.js";
import type { Chart, ChartEdge, ChartState, EdgeTrigger, MachineName } from "./chart.js";

/** The charts of all machines that a worker is made of, by their names. */
export function machineCharts(): Readonly<Record<MachineName, Chart>> {
  return {
    worker: chartOf(workerMachine),
    model: chartOf(modelMachine),
    key: chartOf(keyMachine),
    reporter: chartOf(reporterMachine),
    session: chartOf(sessionMachine),
  };
}

/**
 * The chart of a machine. It is made from the machine's definition alone and is the same each time, ids included.
 *
 * @example
 * ```ts
 * const { root, edges } = chartOf(workerMachine);
 * ```
 */
export function chartOf(machine: AnyStateMachine): Chart {
  return { id: machine.root.key, root: stateOf(machine.root), edges: edgesOf(machine.root) };
}

/** Id of a transition's edge in the chart. */
export function edgeIdOf(transition: AnyTransitionDefinition): string {
  const { source, eventType } = transition;
  const isAlways = source.always?.includes(transition) ?? false;
  const list = (isAlways ? source.always : source.transitions.get(eventType)) ?? [];
  return `${pathOf(source)}/${isAlways ? "always" : eventType}/${list.indexOf(transition)}`;
}

const pathOf = (node: AnyStateNode): string => node.path.join(".");

const childrenOf = (node: AnyStateNode): readonly AnyStateNode[] => Object.values(node.states);

function stateOf(node: AnyStateNode): ChartState {
  const initial = node.type === "compound" ? node.initial.target[0] : undefined;
  return {
    path: pathOf(node),
    key: node.key,
    kind: node.type,
    ...(initial !== undefined && { initial: pathOf(initial) }),
    // Those of the definition: the node's own list also holds what xstate adds to start and stop timers.
    entry: listOf(node.config.entry).map(nameOf),
    exit: listOf(node.config.exit).map(nameOf),
    invokes: node.invoke.map(({ id }) => id),
    children: childrenOf(node).map(stateOf),
  };
}

function edgesOf(node: AnyStateNode): readonly ChartEdge[] {
  const own = [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
  return [...own.map(edgeOf), ...childrenOf(node).flatMap(edgesOf)];
}

function edgeOf(transition: AnyTransitionDefinition): ChartEdge {
  const { source, target, guard, actions } = transition;
  // One that leads into several regions at once is drawn to the first of them.
  const [to] = target ?? [];
  return {
    id: edgeIdOf(transition),
    from: pathOf(source),
    to: to === undefined ? undefined : pathOf(to),
    on: triggerOf(transition),
    ...(guard !== undefined && { guard: nameOf(guard) }),
    actions: actions.map(nameOf),
  };
}

function triggerOf(transition: AnyTransitionDefinition): EdgeTrigger {
  const { source, eventType: event } = transition;
  if (source.always?.includes(transition)) return { kind: "always" };
  const delay = delayOf(event, source.id);
  if (delay !== undefined) return { kind: "after", delay: delayText(delay), event };
  const end = actorEndOf(event);
  return end === undefined ? { kind: "event", event } : { kind: end.how, actor: end.actor, event };
}

/** A delay's name as it is; milliseconds in words. */
function delayText(delay: string): string {
  const ms = Number(delay);
  if (delay === "" || Number.isNaN(ms)) return delay;
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}

const listOf = (actions: unknown): readonly unknown[] =>
  actions === undefined ? [] : Array.isArray(actions) ? actions : [actions];

/**
 * Name of an action or a guard. What xstate makes, such as `cancel("id")`, goes by the name of its maker; any other
 * function has no name.
 */
function nameOf(named: unknown): string {
  if (typeof named === "string") return named;
  const isTyped = (typeof named === "object" || typeof named === "function") && named !== null;
  const type: unknown = isTyped && "type" in named ? named.type : undefined;
  return typeof type === "string" ? type.replace(/^xstate\./, "") : "(inline)";
}
