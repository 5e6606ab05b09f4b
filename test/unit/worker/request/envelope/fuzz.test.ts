import { expect, test } from "vitest";
import { fuzzJson, fuzzMsgpack } from "../../../../fuzz/fuzz.js";
import { seededRandom } from "../../../../machines/support/seeded-random.js";

test.each([21, 22])(
  "what JSON.parse takes of random texts the scanner takes, with the same values: seed %i",
  (seed) => {
    const { accepted, refused } = fuzzJson(10_000, seededRandom(seed));
    expect(accepted).toBeGreaterThan(3000);
    expect(refused).toBeGreaterThan(3000);
  },
);

test.each([31, 32])(
  "what decodeMsgpack takes of random bytes the scanner takes, with the same values: seed %i",
  (seed) => {
    const { accepted, refused } = fuzzMsgpack(10_000, seededRandom(seed));
    expect(accepted).toBeGreaterThan(3000);
    expect(refused).toBeGreaterThan(3000);
  },
);
