/** What clients write percent-encoded in a path: `fetch` and browsers do (WHATWG URL, path percent-encode set). */
const ENCODED = /[^\x21-\x7e\p{Cs}]|["<>`{}]/gu;
const ESCAPE = /%[\da-f]{2}/gi;

/** The path as most clients send it: percent-encoded where it has to be, with escapes in capitals. */
export const encodedPath = (path: string): string =>
  escaped(path).replace(ESCAPE, (code) => code.toUpperCase());

const escaped = (path: string): string => path.replace(ENCODED, encodeURIComponent);

/** All forms in which clients may send a path: as it is written, and percent-encoded. A plain one has a single form. */
export function pathForms(path: string): readonly string[] {
  const encoded = encodedPath(path);
  const inSmallLetters = encoded.replace(ESCAPE, (code) => code.toLowerCase());
  return [...new Set([path, escaped(path), encoded, inSmallLetters])];
}
