import { compareJson } from "./compare-json.js";
import { randomJson } from "./random-json.js";
import { type Random, randomSplit } from "./random-split.js";

/** @throws Error with the first text about which the scanner and `JSON.parse` differ. */
export function fuzzJson(
  count: number,
  random: Random,
): { readonly accepted: number; readonly refused: number } {
  let accepted = 0;
  for (let round = 0; round < count; round++) {
    const body = randomJson(random);
    const pieces = randomSplit(body, random);
    try {
      if (compareJson(body, pieces)) accepted++;
    } catch (cause) {
      const lengths = pieces.map((piece) => piece.length).join(", ");
      throw new Error(
        `input ${round}, in pieces of ${lengths} bytes: ${JSON.stringify(body.toString("latin1"))}`,
        {
          cause,
        },
      );
    }
  }
  return { accepted, refused: count - accepted };
}
