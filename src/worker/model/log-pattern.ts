import type { LogPattern } from "../config/config.js";

/**
 * Characters of a line that a regular expression sees, at most: what takes the square of a line's length stays short, whatever
 * text a client brings into the log. Substrings are looked for in the whole line.
 */
const SEEN_LENGTH = 2048;

/** Looks for one pattern in a line. @returns the text that matches. */
export type Finder = (line: string) => string | undefined;

export function finderOf(pattern: LogPattern): Finder {
  if (typeof pattern === "string") return (line) => (line.includes(pattern) ? pattern : undefined);
  // A copy: with the flags g and y the place of the last match is kept in the expression itself.
  const own = new RegExp(pattern.source, pattern.flags);
  return (line) => {
    own.lastIndex = 0;
    // The mark keeps `$` from matching where the line is cut.
    return own.exec(line.length > SEEN_LENGTH ? `${line.slice(0, SEEN_LENGTH)}…` : line)?.[0];
  };
}
