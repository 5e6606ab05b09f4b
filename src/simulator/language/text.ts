import type { Random } from "../../shared/random.js";

const WORDS = (
  "the a one every some model worker queue token request answer river light garden engine letter signal " +
  "mountain window paper morning harbour stone bridge quiet bright slow early careful distant small open " +
  "waits carries holds follows counts returns listens begins crosses remembers measures gathers with " +
  "behind under across before after between toward without and but while until because again often soon"
).split(" ");

/** Longest sentence, in words. */
const SENTENCE_WORDS = 14;

/**
 * An endless text, one token at a time: random words from a small list, in sentences. Every token but the first starts
 * with a space, so that joining them gives the text.
 */
export function* words(random: Random): Generator<string, never> {
  let left = 0;
  for (let isFirst = true; ; isFirst = false) {
    const startsSentence = left === 0;
    if (startsSentence) left = 5 + Math.floor(random() * (SENTENCE_WORDS - 4));
    left -= 1;
    const word = WORDS[Math.floor(random() * WORDS.length)] ?? "the";
    const cased = startsSentence ? word.charAt(0).toUpperCase() + word.slice(1) : word;
    yield `${isFirst ? "" : " "}${cased}${left === 0 ? "." : ""}`;
  }
}

/** Approximates a tokeniser: one token per word. */
export function countTokens(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}
