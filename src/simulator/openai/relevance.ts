const wordsOf = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu));

/** How well a text fits another, 0 to 1: the share of the one's words that the other has. */
export function relevance(query: string, text: string): number {
  const wanted = wordsOf(query);
  const found = wordsOf(text);
  if (wanted.size === 0) return 0;
  let shared = 0;
  for (const word of wanted) if (found.has(word)) shared += 1;
  return shared / wanted.size;
}
