import { type ChartEdge, type ChartState, edgeText } from "./chart.js";
import type { TextLine } from "./layout.js";

/** Characters of a line before it is wrapped: of a label, and of a state with children. */
const LINE_LENGTH = 32;
const WIDE_LINE_LENGTH = 64;

/** Whether the edge is a line in its state's box: it has no target, or its target is its source. */
export const isInBox = ({ from, to }: ChartEdge): boolean => to === undefined || to === from;

/** What a chart shows: the events that lead from state to state; or guards, actions and invoked actors as well. */
export type Detail = "events" | "all";

/** The lines of a label for all these edges. */
export function labelLines(edges: readonly ChartEdge[], detail: Detail): readonly TextLine[] {
  return detail === "all" ? edges.flatMap((edge) => linesOf(edge, LINE_LENGTH)) : eventLines(edges);
}

/** The lines of a state's box. */
export function stateLines(
  state: ChartState,
  edges: readonly ChartEdge[],
  detail: Detail,
): readonly TextLine[] {
  if (detail === "events") return eventLines(edges);
  const length = state.children.length > 0 ? WIDE_LINE_LENGTH : LINE_LENGTH;
  const line = (when: string, names: readonly string[]): readonly TextLine[] =>
    names.length === 0 ? [] : wrapped([], [when], names, length);
  return [
    ...line("entry", state.entry),
    ...line("do", state.invokes),
    ...line("exit", state.exit),
    ...edges.flatMap((edge) => linesOf(edge, length)),
  ];
}

/** A line for each trigger; edges that differ in their guards or actions only share one. */
function eventLines(edges: readonly ChartEdge[]): readonly TextLine[] {
  const idsByText = new Map<string, string[]>();
  for (const edge of edges) {
    const { trigger, guard } = edgeText(edge);
    // What no event sets off has its guard for a trigger.
    const text = `${loopSign(edge)}${trigger === "" ? guard : trigger}`;
    idsByText.set(text, [...(idsByText.get(text) ?? []), edge.id]);
  }
  return [...idsByText].map(([when, ids]) => ({ edges: ids, isContinued: false, when, does: "" }));
}

/** Before the trigger of an edge that leaves its state and enters it anew. */
const loopSign = ({ from, to }: ChartEdge): string => (to === from ? "↻ " : "");

function linesOf(edge: ChartEdge, length: number): readonly TextLine[] {
  const { trigger, guard, does } = edgeText(edge);
  const whens = [`${loopSign(edge)}${trigger}`.trim(), guard].filter((text) => text !== "");
  return wrapped([edge.id], whens, edge.to === undefined && does.length === 0 ? ["nothing"] : does, length);
}

/** Fills lines up to a length. What is too long for one has it alone. */
function wrapped(
  edges: readonly string[],
  whens: readonly string[],
  does: readonly string[],
  length: number,
): readonly TextLine[] {
  const pieces = [
    ...whens.map((when) => ({ when, does: "" })),
    ...does.map((name, index) => ({
      when: "",
      does: `${index === 0 ? "/ " : ""}${name}${index < does.length - 1 ? "," : ""}`,
    })),
  ];
  const lines: TextLine[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    const joined = last && {
      ...last,
      when: joinedText(last.when, piece.when),
      does: joinedText(last.does, piece.does),
    };
    if (joined !== undefined && lineText(joined).length <= length) lines[lines.length - 1] = joined;
    else lines.push({ edges, isContinued: lines.length > 0, ...piece });
  }
  return lines;
}

const joinedText = (...texts: readonly string[]): string => texts.filter((text) => text !== "").join(" ");

/** Pixels from one line of small type to the next. */
export const LINE_HEIGHT = 15;
/** Height of a state's title with the space around it. */
export const TITLE_HEIGHT = 30;
/** Pixels between a state's text and its sides. */
export const INSET = 12;
/** Pixels between a label's text and its border. */
export const LABEL_INSET = { x: 7, y: 4 } as const;
/** Small type is monospaced, so a text's width follows from its length. */
const SMALL_CHARACTER = 6.65;
/** Titles are not; this is wider than most characters are. */
const TITLE_CHARACTER = 8;

/** The text of a line as it is drawn; two characters more are as wide as the indentation of a continued line. */
const lineText = ({ isContinued, when, does }: TextLine): string =>
  `${isContinued ? "  " : ""}${when}${when === "" || does === "" ? "" : " "}${does}`;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pixels that a state's box takes, or its top where others are in it. */
export function stateSize(title: string, lines: readonly TextLine[]): Size {
  const { width, height } = linesSize(lines);
  return {
    width: Math.max(title.length * TITLE_CHARACTER, width) + 2 * INSET,
    height: TITLE_HEIGHT + (lines.length === 0 ? 4 : height + 10),
  };
}

/** Pixels that an edge's label takes. */
export function labelSize(lines: readonly TextLine[]): Size {
  const { width, height } = linesSize(lines);
  return { width: width + 2 * LABEL_INSET.x, height: height + 2 * LABEL_INSET.y };
}

function linesSize(lines: readonly TextLine[]): Size {
  const longest = Math.max(0, ...lines.map((line) => lineText(line).length));
  return { width: Math.ceil(longest * SMALL_CHARACTER), height: lines.length * LINE_HEIGHT };
}
