import { random } from "../../shared/random.js";

/** The embedding of a text: a vector of length 1, which depends on the seed alone. */
export function unitVector(seed: number, dimensions: number): Float32Array {
  const numbers = random(seed);
  const vector = Float32Array.from({ length: dimensions }, () => 2 * numbers() - 1);
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

/** A vector as little-endian 32-bit floats in base64, which is what clients expect. */
export function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(4 * vector.length);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, 4 * index);
  return bytes.toString("base64");
}

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu));

/** Relevance of a text to a query, 0 to 1: the share of the query's words that occur in the text. */
export function relevance(query: string, text: string): number {
  const wanted = wordsOf(query);
  const found = wordsOf(text);
  if (wanted.size === 0) return 0;
  let shared = 0;
  for (const word of wanted) if (found.has(word)) shared += 1;
  return shared / wanted.size;
}
