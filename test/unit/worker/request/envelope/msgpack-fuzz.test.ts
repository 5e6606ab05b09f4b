import { Packr } from "msgpackr";
import { expect, test } from "vitest";
import { decodeMsgpack } from "../../../../../src/worker/request/envelope/msgpack.js";
import { seededRandom } from "../../../../machines/support/seeded-random.js";

type Random = ReturnType<typeof seededRandom>;

const packr = new Packr({ useRecords: false });

const INTEGERS = [
  0,
  1,
  -1,
  31,
  -32,
  -33,
  127,
  128,
  255,
  256,
  65_535,
  65_536,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
];
const UNSAFE = [2n ** 53n, -(2n ** 53n), 2n ** 60n + 1n, 2n ** 64n - 1n, -(2n ** 63n)];
const PIECES = ["", "a", "key", "payload", "é", "€", "😀", "\0", "x".repeat(40), "ü".repeat(40)];

const text = (random: Random): string =>
  Array.from({ length: random.below(6) }, () => random.pick(PIECES)).join("");

/** A random value of those that msgpack and JSON have in common, bytes and large integers besides. */
function randomValue(random: Random, depth: number): unknown {
  switch (random.below(depth > 0 ? 10 : 7)) {
    case 0:
      return text(random);
    case 1:
      return random.pick(INTEGERS);
    case 2:
      return random.pick([null, true, false]);
    case 3:
      return random.next() * 10 ** (random.below(40) - 20);
    case 4:
      return random.pick(UNSAFE);
    case 5:
    case 6:
      return Buffer.from(text(random));
    case 7:
      return Array.from({ length: random.below(20) }, () => randomValue(random, depth - 1));
    default:
      return Object.fromEntries(
        Array.from({ length: random.below(20) }, () => [text(random), randomValue(random, depth - 1)]),
      );
  }
}

/** Whether it was decoded; fails for anything else than a value or the one refusal. */
function isDecoded(body: Buffer): boolean {
  try {
    decodeMsgpack(body);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

test("what was encoded comes back as it was", () => {
  const random = seededRandom(11);
  for (let round = 0; round < 1000; round++) {
    const value = randomValue(random, 4);
    expect(decodeMsgpack(packr.pack(value))).toStrictEqual(value);
  }
});

test("random bytes are decoded or refused, and nothing else", () => {
  const random = seededRandom(12);
  let decoded = 0;
  for (let round = 0; round < 100_000; round++) {
    const body = Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)));
    if (isDecoded(body)) decoded++;
  }
  expect(decoded).toBeGreaterThan(100);
});

test("encoded values that were damaged are decoded or refused, and nothing else", () => {
  const random = seededRandom(13);
  let decoded = 0;
  for (let round = 0; round < 20_000; round++) {
    const body = Buffer.from(packr.pack(randomValue(random, 3)));
    for (let damage = random.below(4); damage >= 0; damage--) {
      if (body.length > 0) body[random.below(body.length)] = random.below(256);
    }
    if (isDecoded(body.subarray(0, body.length - random.below(2)))) decoded++;
  }
  expect(decoded).toBeGreaterThan(1000);
});

test("what is decoded of random bytes is what was there: it encodes to a value that decodes to the same", () => {
  const random = seededRandom(14);
  for (let round = 0; round < 100_000; round++) {
    const body = Buffer.from(Array.from({ length: random.below(12) }, () => random.below(256)));
    if (!isDecoded(body)) continue;
    const value = decodeMsgpack(body);
    expect(decodeMsgpack(packr.pack(value))).toStrictEqual(value);
  }
});
