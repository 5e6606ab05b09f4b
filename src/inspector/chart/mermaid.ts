import { ancestors, type Chart, type ChartEdge, type ChartState, edgeText, isWithin } from "./chart.js";

/**
 * Writes a chart as a `stateDiagram-v2` of mermaid, as far as that goes. It has no edges between states of different
 * composites: such an edge is drawn between the composites, and its text names the inner state. It has no
 * edges from a composite to what is within: a state called "any state" represents the composite there. It lists nothing in a
 * composite: its actions become comments.
 */
export function mermaidOf(chart: Chart): string {
  const { root } = chart;
  const body = root.kind === "parallel" ? block(chart, root) : content(chart, root);
  return ["stateDiagram-v2", ...body.map((line) => `  ${line}`), ""].join("\n");
}

/** A state, and for one that holds others all of them. */
function block(chart: Chart, state: ChartState): readonly string[] {
  const id = idOf(chart, state.path);
  const title = `state "${safe(state.key)}" as ${id}`;
  if (state.children.length > 0) {
    return [`${title} {`, ...content(chart, state).map((line) => `  ${line}`), "}"];
  }
  return [title, ...notes(chart, state).map((note) => `${id} : ${note}`)];
}

/** The content of a state that has children. */
function content(chart: Chart, state: ChartState): readonly string[] {
  const blocks = state.children.map((child) => block(chart, child));
  const edges = chart.edges.filter((edge) => edge.to !== undefined && placeOf(edge) === state.path);
  const anyState = `${idOf(chart, state.path)}_any`;
  return [
    ...notes(chart, state).map((note) => `%% ${note}`),
    ...(state.kind === "parallel"
      ? blocks.flatMap((lines, index) => (index === 0 ? lines : ["--", ...lines]))
      : blocks.flat()),
    ...(edges.some(({ from }) => from === state.path) ? [`state "any state" as ${anyState}`] : []),
    ...(state.initial === undefined ? [] : [`[*] --> ${idOf(chart, state.initial)}`]),
    ...edges.map((edge) => edgeLine(chart, edge, state.path, anyState)),
    ...state.children
      .filter(({ kind }) => kind === "final")
      .map(({ path }) => `${idOf(chart, path)} --> [*]`),
  ];
}

function edgeLine(chart: Chart, edge: ChartEdge, place: string, anyState: string): string {
  const { from, to = from } = edge;
  const about = [
    ...(from === place || from === childOf(place, from) ? [] : [`(in ${from}) `]),
    ...(to === childOf(place, to) ? [] : [`(to ${to}) `]),
  ];
  const source = from === place ? anyState : idOf(chart, childOf(place, from));
  return `${source} --> ${idOf(chart, childOf(place, to))} : ${safe(about.join(""))}${textOf(edge)}`;
}

/** A state's actions, invocations, and transitions without a target. */
function notes(chart: Chart, { path, entry, exit, invokes }: ChartState): readonly string[] {
  const note = (when: string, names: readonly string[]): readonly string[] =>
    names.length === 0 ? [] : [safe(`${when} / ${names.join(", ")}`)];
  const own = chart.edges.filter((edge) => edge.from === path && edge.to === undefined);
  return [...note("entry", entry), ...note("do", invokes), ...note("exit", exit), ...own.map(textOf)];
}

function textOf(edge: ChartEdge): string {
  const { trigger, guard, does } = edgeText(edge);
  const when = `${trigger} ${guard}`.trim();
  return safe(does.length === 0 ? when : `${when} / ${does.join(", ")}`);
}

/** The innermost state that holds both ends of an edge. */
function placeOf({ from, to = from }: ChartEdge): string {
  if (isWithin(to, from)) return from;
  const around = ancestors(to);
  return ancestors(from).findLast((path) => around.includes(path)) ?? "";
}

/** The child of a state that is another one, or that the other one is within. */
function childOf(parent: string, path: string): string {
  return [...ancestors(path), path].find((each) => isWithin(each, parent)) ?? path;
}

/** Names of states may be words of mermaid's own, and are unique only within their parents. */
const idOf = (chart: Chart, path: string): string =>
  [chart.id, ...(path === "" ? [] : path.split("."))].join("_").replaceAll(/\W/g, "_");

/** Characters that end a text or begin a code, as codes. */
const safe = (text: string): string =>
  text.replaceAll(/[#;:"]/g, (character) => `#${character.charCodeAt(0)};`);
