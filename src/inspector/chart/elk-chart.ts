import type { ElkExtendedEdge, ElkNode, LayoutOptions } from "elkjs/lib/elk-api.js";
import { allStates, type Chart, type ChartState, isWithin } from "./chart.js";
import type { LaidOutState, TextLine } from "./layout.js";
import { type Detail, isInBox, labelLines, labelSize, stateLines, stateSize } from "./text-lines.js";

/** The part of a drawn edge that ELK does not need. */
interface DrawnEdge {
  /** Of its label. */
  readonly lines: readonly TextLine[];
  /** Reversed for ELK, so that the state that is defined first is on top. */
  readonly isUpward: boolean;
}

const DOT = { width: 10, height: 10 };
const MARK = { width: 84, height: 20 };

/**
 * A chart as ELK takes it. Edges between the same two states become one; those that leave nothing, and those that come
 * back to where they began, become lines in their state's box.
 */
export class ElkChart {
  readonly graph: ElkNode;
  /** Every state with the id of its node, parents before their children. */
  readonly states: (Omit<LaidOutState, "box"> & { readonly id: string })[] = [];
  /** By the id of ELK's edge. */
  readonly drawn = new Map<string, DrawnEdge>();
  /** Ids of the nodes that are dots and marks. */
  readonly dots: string[] = [];
  readonly marks: string[] = [];
  readonly #chart: Chart;
  readonly #detail: Detail;
  readonly #edges: ElkExtendedEdge[] = [];
  /** Places of the states' nodes in the definition. */
  readonly #order: ReadonlyMap<string, number>;

  constructor(chart: Chart, detail: Detail) {
    this.#chart = chart;
    this.#detail = detail;
    this.#order = new Map(allStates(chart.root).map(({ path }, index) => [nodeId(path), index]));
    const root = this.#node(chart.root, false);
    this.graph = { id: "chart", layoutOptions: WHOLE, children: [root], edges: this.#edges };
  }

  #node(state: ChartState, isRegion: boolean): ElkNode {
    const { path, key, kind } = state;
    const id = nodeId(path);
    const own = this.#chart.edges.filter(({ from }) => from === path);
    const lines = stateLines(state, own.filter(isInBox), this.#detail);
    this.states.push({ id, path, title: key, kind, isRegion, lines });
    const children = state.children.map((child) => this.#node(child, kind === "parallel"));
    if (state.initial !== undefined) children.unshift(this.#dot(path, state.initial));

    const outward = own.filter((edge) => !isInBox(edge));
    const targets = [...new Set(outward.flatMap(({ to }) => to ?? []))];
    const mark = `mark ${path}`;
    if (targets.some((target) => isWithin(target, path))) {
      this.marks.push(mark);
      children.push({ id: mark, ...MARK });
    }
    for (const target of targets) {
      const label = labelLines(
        outward.filter(({ to }) => to === target),
        this.#detail,
      );
      this.#addEdge(isWithin(target, path) ? mark : id, nodeId(target), label);
    }

    const size = stateSize(key, lines);
    if (children.length === 0) return { id, ...size };
    return { id, children: this.#grouped(children, id), layoutOptions: around(size) };
  }

  #dot(path: string, initial: string): ElkNode {
    const dot = `dot ${path}`;
    this.dots.push(dot);
    this.#addEdge(dot, nodeId(initial), []);
    return { id: dot, ...DOT };
  }

  #addEdge(from: string, to: string, lines: readonly TextLine[]): void {
    const id = `edge ${this.#edges.length}`;
    const isUpward = (this.#order.get(to) ?? 0) < (this.#order.get(from) ?? 0);
    this.drawn.set(id, { lines, isUpward });
    const label = { id: `label ${id}`, text: id, ...labelSize(lines), layoutOptions: ON_EDGE };
    this.#edges.push({
      id,
      sources: [isUpward ? to : from],
      targets: [isUpward ? from : to],
      labels: lines.length === 0 ? [] : [label],
    });
  }

  /** Parts that no edge connects are laid out side by side and apart from each other, or they would stretch each other. */
  #grouped(nodes: readonly ElkNode[], id: string): ElkNode[] {
    const groups = connectedGroups(nodes, this.#edges);
    if (groups.length === 1) return [...nodes];
    return groups.map((group, index) => ({
      id: `group ${index} ${id}`,
      children: [...group],
      layoutOptions: GROUP,
    }));
  }
}

const nodeId = (path: string): string => `state ${path}`;

/** How ELK is to lay out the whole. */
export const WHOLE: LayoutOptions = {
  "elk.algorithm": "layered",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.json.shapeCoords": "ROOT",
  "elk.json.edgeCoords": "ROOT",
  "elk.direction": "DOWN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.padding": "[top=12,left=12,bottom=12,right=12]",
};

/** Distances in pixels. ELK passes none of them on, so each state with others in it has them anew. */
const WITHIN: LayoutOptions = {
  "elk.spacing.nodeNode": "20",
  "elk.spacing.edgeNode": "14",
  "elk.spacing.edgeEdge": "12",
  "elk.layered.spacing.nodeNodeBetweenLayers": "34",
  "elk.layered.spacing.edgeNodeBetweenLayers": "18",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "12",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.thoroughness": "40",
};

/** Of a state with others in it, below the text at its top. */
export const around = (text: { readonly width: number; readonly height: number }): LayoutOptions => ({
  ...WITHIN,
  "elk.padding": `[top=${text.height + 12},left=20,bottom=20,right=20]`,
  "elk.nodeSize.constraints": "MINIMUM_SIZE",
  "elk.nodeSize.minimum": `(${text.width}, ${text.height})`,
});

/** Of a group that is not drawn itself. */
const GROUP: LayoutOptions = {
  ...WITHIN,
  "elk.padding": "[top=0,left=0,bottom=0,right=0]",
  "elk.alignment": "TOP",
};

/** Of a label: it interrupts its edge, so that it cannot be taken for another edge's. */
const ON_EDGE: LayoutOptions = { "elk.edgeLabels.inline": "true" };

/** Splits nodes into groups between which no edge leads, not even between what is within them. */
function connectedGroups(
  nodes: readonly ElkNode[],
  edges: readonly ElkExtendedEdge[],
): readonly (readonly ElkNode[])[] {
  let groups = nodes.map((node) => ({ nodes: [node], ids: new Set(idsOf(node)) }));
  for (const { sources, targets } of edges) {
    const ends = [...sources, ...targets];
    const touched = groups.filter(({ ids }) => ends.some((end) => ids.has(end)));
    const [first, ...others] = touched;
    if (first === undefined || others.length === 0) continue;
    for (const other of others) {
      first.nodes.push(...other.nodes);
      for (const id of other.ids) first.ids.add(id);
    }
    groups = groups.filter((group) => !others.includes(group));
  }
  return groups.map((group) => group.nodes);
}

const idsOf = ({ id, children = [] }: ElkNode): readonly string[] => [id, ...children.flatMap(idsOf)];
