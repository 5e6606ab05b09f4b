import { compareJson } from "./compare-json.js";
import { compareMsgpack } from "./compare-msgpack.js";
import { randomJson } from "./random-json.js";
import { randomMsgpack } from "./random-msgpack.js";
import { type Random, randomSplit } from "./random-split.js";

export interface Fuzzed {
  readonly accepted: number;
  readonly refused: number;
}

function fuzz(count: number, next: () => Buffer, compare: (body: Buffer) => boolean): Fuzzed {
  let accepted = 0;
  for (let round = 0; round < count; round++) {
    const body = next();
    try {
      if (compare(body)) accepted++;
    } catch (cause) {
      throw new Error(
        `input ${round}, base64 ${body.toString("base64")}: ${JSON.stringify(body.toString("latin1"))}`,
        {
          cause,
        },
      );
    }
  }
  return { accepted, refused: count - accepted };
}

/** @throws Error with the first text about which the scanner and `JSON.parse` differ. */
export const fuzzJson = (count: number, random: Random): Fuzzed =>
  fuzz(
    count,
    () => randomJson(random),
    (body) => compareJson(body, randomSplit(body, random)),
  );

/** @throws Error with the first bytes about which the scanner and `decodeMsgpack` differ. */
export const fuzzMsgpack = (count: number, random: Random): Fuzzed =>
  fuzz(
    count,
    () => randomMsgpack(random),
    (body) => compareMsgpack(body, randomSplit(body, random), body.length + random.pick([0, 0, 1, 1000])),
  );
