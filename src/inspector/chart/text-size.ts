import type { TextLine } from "./laid-out-chart.js";

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

/** The text of a line as it is drawn; two characters more are as wide as the indentation of one that goes on. */
export const lineText = ({ isContinued, when, does }: TextLine): string =>
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
