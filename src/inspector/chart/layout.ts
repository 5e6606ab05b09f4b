import type { ELK, ElkExtendedEdge, ElkNode } from "elkjs/lib/elk-api.js";
import type { Chart } from "./chart.js";
import { ElkChart } from "./elk-chart.js";
import type { Detail } from "./text-lines.js";

/** A machine's chart with a layout for each amount of detail. The build computes them: elk is no part of the package. */
export interface ChartLayouts extends Readonly<Record<Detail, LaidOutChart>> {
  readonly chart: Chart;
}

/** Finds a place for everything in a chart. */
export async function layoutOf(
  chart: Chart,
  elk: Pick<ELK, "layout">,
  detail: Detail,
): Promise<LaidOutChart> {
  const described = new ElkChart(chart, detail);
  const graph = await elk.layout(described.graph);
  const boxes = new Map(nodesOf(graph).map((node) => [node.id, boxOf(node)]));
  const box = (id: string): Box => boxes.get(id) ?? boxOf(graph);
  return {
    id: chart.id,
    width: Math.ceil(graph.width ?? 0),
    height: Math.ceil(graph.height ?? 0),
    states: described.states.map(({ id, ...state }): LaidOutState => ({ ...state, box: box(id) })),
    edges: edgesOf(graph).map((edge) => laidOutEdge(edge, described)),
    dots: described.dots.map((id) => middleOf(box(id))),
    marks: described.marks.map(box),
  };
}

function nodesOf(node: ElkNode): readonly ElkNode[] {
  return [node, ...(node.children ?? []).flatMap(nodesOf)];
}

/** Wherever ELK has put them, the coordinates are the root's. */
function edgesOf(node: ElkNode): readonly ElkExtendedEdge[] {
  return nodesOf(node).flatMap(({ edges }) => edges ?? []);
}

function laidOutEdge(edge: ElkExtendedEdge, { drawn }: ElkChart): LaidOutEdge {
  const { lines = [], isUpward = false } = drawn.get(edge.id) ?? {};
  const [label] = edge.labels ?? [];
  const points = (edge.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) =>
    [startPoint, ...bendPoints, endPoint].map(rounded),
  );
  return {
    points: isUpward ? points.toReversed() : points,
    label: label === undefined ? undefined : boxOf(label),
    lines,
  };
}

/** Tenths of a pixel are fine enough. */
const tenths = (length = 0): number => Math.round(length * 10) / 10;

const rounded = ({ x, y }: Point): Point => ({ x: tenths(x), y: tenths(y) });

function boxOf({ x, y, width, height }: Partial<Box>): Box {
  return { x: tenths(x), y: tenths(y), width: tenths(width), height: tenths(height) };
}

const middleOf = ({ x, y, width, height }: Box): Point => ({
  x: tenths(x + width / 2),
  y: tenths(y + height / 2),
});

/** A chart with a place for everything. Lengths are pixels, coordinates are from the picture's top left corner. */
export interface LaidOutChart {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** Parents before their children. */
  readonly states: readonly LaidOutState[];
  readonly edges: readonly LaidOutEdge[];
  /** Dots that lead to initial states. */
  readonly dots: readonly Point[];
  /** Marks for the active state within a compound one: the source of the compound state's edges to its inner states. */
  readonly marks: readonly Box[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

export interface LaidOutState {
  readonly path: string;
  readonly title: string;
  readonly kind: "atomic" | "compound" | "parallel" | "final" | "history";
  /** A state directly within a parallel one, which is active together with its siblings. */
  readonly isRegion: boolean;
  readonly box: Box;
  readonly lines: readonly TextLine[];
}

/** A line of small type. */
export interface TextLine {
  /** Ids of the line's edges; empty: it is about none. */
  readonly edges: readonly string[];
  /** It continues the line before. */
  readonly isContinued: boolean;
  /** The trigger, and the actions. */
  readonly when: string;
  readonly does: string;
}

/** One drawn edge: all edges that lead from one state to the same other one. */
export interface LaidOutEdge {
  /** Where it bends, from its begin to its end. */
  readonly points: readonly Point[];
  /** Undefined: it leads from a dot to an initial state. */
  readonly label: Box | undefined;
  /** The label's, of all edges that it represents. */
  readonly lines: readonly TextLine[];
}
