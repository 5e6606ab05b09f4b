import type { ChartEdge, ChartState } from "./chart.js";
import { edgeText } from "./edge-text.js";
import type { TextLine } from "./laid-out-chart.js";
import { lineText } from "./text-size.js";

/** Characters of a line beyond which what is done goes on in the next one: of a label, and of a state with others in it. */
const LINE_LENGTH = 32;
const WIDE_LINE_LENGTH = 64;

/** The edge stands in its state's box: it leaves nothing, or comes back to where it began. */
export const isInBox = ({ from, to }: ChartEdge): boolean => to === undefined || to === from;

/** What the label of a drawn edge says of each edge that it stands for. */
export function labelLines(edges: readonly ChartEdge[]): readonly TextLine[] {
  return edges.flatMap((edge) => linesOf(edge, LINE_LENGTH));
}

/** What a state's box says. */
export function stateLines(state: ChartState, edges: readonly ChartEdge[]): readonly TextLine[] {
  const length = state.children.length > 0 ? WIDE_LINE_LENGTH : LINE_LENGTH;
  const line = (when: string, names: readonly string[]): readonly TextLine[] =>
    names.length === 0 ? [] : wrapped(undefined, [when], names, length);
  return [
    ...line("entry", state.entry),
    ...line("do", state.invokes),
    ...line("exit", state.exit),
    ...edges.flatMap((edge) => linesOf(edge, length)),
  ];
}

function linesOf(edge: ChartEdge, length: number): readonly TextLine[] {
  const { trigger, guard, does } = edgeText(edge);
  const whens = [`${edge.to === edge.from ? "↻ " : ""}${trigger}`.trim(), guard].filter(
    (text) => text !== "",
  );
  return wrapped(edge.id, whens, edge.to === undefined && does.length === 0 ? ["nothing"] : does, length);
}

/** Fills lines up to a length. What is too long for one has it alone. */
function wrapped(
  edge: string | undefined,
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
    else lines.push({ edge, isContinued: lines.length > 0, ...piece });
  }
  return lines;
}

const joinedText = (...texts: readonly string[]): string => texts.filter((text) => text !== "").join(" ");
