import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A place in a program; lines and columns count from 1. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  /** Undefined: only the line is known. */
  readonly column?: number | undefined;
}

/** A path as the user would type it. */
export function shownPath(file: string): string {
  const path = relative("", file);
  return path.startsWith("..") ? file : path;
}

/** A path or the URL of a file, as a path. */
export const pathOf = (text: string): string => (text.startsWith("file:") ? fileURLToPath(text) : text);

/** The text of a file; undefined: it cannot be read. */
export function sourceOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** The place of a character in a text. */
export function placeAt(file: string, source: string, index: number): SourcePlace {
  const before = source.slice(0, index).split("\n");
  return { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

export const placeText = ({ file, line, column }: SourcePlace): string =>
  `${shownPath(file)}:${line}${column === undefined ? "" : `:${column}`}`;

/** Longer lines are not written by hand. */
const LONGEST_LINE = 200;

/** The place, its line, and a mark below the column. */
export function quotedPlace(place: SourcePlace): readonly string[] {
  const line = sourceOf(place.file)?.split(/\r?\n/)[place.line - 1];
  if (line === undefined || line.trim() === "" || line.length > LONGEST_LINE) return [placeText(place)];
  const { column } = place;
  // Tabs stay tabs, so that the mark is below the column.
  const mark = column === undefined ? [] : [`  ${line.slice(0, column - 1).replace(/[^\t]/g, " ")}^`];
  return [placeText(place), `  ${line.trimEnd()}`, ...mark];
}
