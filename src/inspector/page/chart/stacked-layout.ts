import { type Chart, type ChartState, isWithin } from "../../chart/chart.js";
import type { Box, LaidOutChart, LaidOutState, Point, TextLine } from "../../chart/layout.js";
import { type Detail, isInBox, labelLines, stateLines, stateSize } from "../../chart/text-lines.js";

/** Pixels between two states, and between a state and those around it. */
const GAP = 20;
/** Pixels that a row of states has at most; one that is wider has a row to itself. */
const ROW = 900;

/** A state with those within it, as if its top left corner were the picture's. */
interface Block {
  readonly width: number;
  readonly height: number;
  readonly states: readonly LaidOutState[];
  readonly dots: readonly Point[];
}

/**
 * Finds a place for the states of a chart for which the build has computed no layout: that of a recording of another version.
 * States are in rows, edges are lines of text in the states that they leave.
 */
export function stackedLayout(chart: Chart, detail: Detail): LaidOutChart {
  const { width, height, states, dots } = moved(blockOf(chart, chart.root, detail, false), GAP, GAP);
  return {
    id: chart.id,
    width: width + 2 * GAP,
    height: height + 2 * GAP,
    states,
    edges: [],
    dots,
    marks: [],
  };
}

function blockOf(chart: Chart, state: ChartState, detail: Detail, isRegion: boolean): Block {
  const { path, key, kind } = state;
  const lines = linesOf(chart, state, detail);
  const size = stateSize(key, lines);
  let { width } = size;
  let x = GAP;
  let y = size.height + GAP;
  let rowHeight = 0;
  const inner = state.children.map((child) => {
    const block = blockOf(chart, child, detail, kind === "parallel");
    if (x > GAP && x + block.width > ROW) {
      x = GAP;
      y += rowHeight + GAP;
      rowHeight = 0;
    }
    const placed = moved(block, x, y);
    const dot = child.path === state.initial ? [{ x: x - GAP / 2, y: y + GAP / 2 }] : [];
    x += block.width + GAP;
    width = Math.max(width, x);
    rowHeight = Math.max(rowHeight, block.height);
    return { ...placed, dots: [...dot, ...placed.dots] };
  });
  const height = inner.length === 0 ? size.height : y + rowHeight + GAP;
  const box: Box = { x: 0, y: 0, width, height };
  return {
    width,
    height,
    states: [{ path, title: key, kind, isRegion, box, lines }, ...inner.flatMap((block) => block.states)],
    dots: inner.flatMap((block) => block.dots),
  };
}

/** The lines of a state's box; those of edges to other states end with the name of the state. */
function linesOf(chart: Chart, state: ChartState, detail: Detail): readonly TextLine[] {
  const own = chart.edges.filter(({ from }) => from === state.path);
  const outward = own.filter((edge) => !isInBox(edge));
  const targets = [...new Set(outward.flatMap(({ to }) => to ?? []))];
  return [
    ...stateLines(state, own.filter(isInBox), detail),
    ...targets.flatMap((target) => {
      const edges = outward.filter(({ to }) => to === target);
      const name = isWithin(target, state.path) ? target.slice(state.path.length).replace(/^\./, "") : target;
      const arrow = { edges: edges.map(({ id }) => id), isContinued: true, when: `→ ${name}`, does: "" };
      return [...labelLines(edges, detail), arrow];
    }),
  ];
}

/** The same block elsewhere. */
function moved({ states, dots, ...size }: Block, dx: number, dy: number): Block {
  const shifted = <P extends Point>(point: P): P => ({ ...point, x: point.x + dx, y: point.y + dy });
  return {
    ...size,
    states: states.map((state) => ({ ...state, box: shifted(state.box) })),
    dots: dots.map(shifted),
  };
}
