/** Roughly what a tokeniser makes of a text: a token per word. */
export function countTokens(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}
