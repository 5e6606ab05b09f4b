/** What is wrong with a key, of which no more is told than its kind; undefined: nothing. */
export function keyFault(apiKey: unknown): string | undefined {
  // Plain JavaScript may come with anything.
  if (typeof apiKey !== "string" || apiKey === "") {
    return `expected a text that is not empty, got ${apiKey === "" ? "an empty one" : typeof apiKey}`;
  }
  return /^[!-~](?:[ -~]*[!-~])?$/.test(apiKey)
    ? undefined
    : "expected printable ASCII without white space at its ends, got other characters";
}
