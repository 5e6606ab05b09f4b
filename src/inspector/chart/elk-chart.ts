import type { ElkExtendedEdge, ElkNode } from "elkjs/lib/elk-api.js";
import { allStates } from "./all-states.js";
import type { Chart, ChartState } from "./chart.js";
import { isWithin } from "./configuration.js";
import { connectedGroups } from "./connected-groups.js";
import { around, GROUP, ON_EDGE, WHOLE } from "./elk-options.js";
import type { LaidOutState, TextLine } from "./laid-out-chart.js";
import { isInBox, labelLines, stateLines } from "./text-lines.js";
import { labelSize, stateSize } from "./text-size.js";

/** A drawn edge, as far as ELK need not know it. */
interface DrawnEdge {
  /** Of its label. */
  readonly lines: readonly TextLine[];
  /** ELK has it the other way round: what a definition says first stands above, as its reader expects. */
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
  readonly #edges: ElkExtendedEdge[] = [];
  /** Places of the states' nodes in the definition. */
  readonly #order: ReadonlyMap<string, number>;

  constructor(chart: Chart) {
    this.#chart = chart;
    this.#order = new Map(allStates(chart.root).map(({ path }, index) => [nodeId(path), index]));
    const root = this.#node(chart.root, false);
    this.graph = { id: "chart", layoutOptions: WHOLE, children: [root], edges: this.#edges };
  }

  #node(state: ChartState, isRegion: boolean): ElkNode {
    const { path, key, kind } = state;
    const id = nodeId(path);
    const own = this.#chart.edges.filter(({ from }) => from === path);
    const lines = stateLines(state, own.filter(isInBox));
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
      const label = labelLines(outward.filter(({ to }) => to === target));
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
