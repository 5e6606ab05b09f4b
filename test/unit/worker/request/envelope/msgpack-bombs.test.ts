import { describe, expect, test } from "vitest";
import { decodeMsgpack } from "../../../../../src/worker/request/envelope/msgpack.js";

const MEGABYTE = 1_000_000;

/** A value of 32 bits of declared length, and what follows. */
const declared = (token: number, length: number, rest: Buffer = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(5);
  head[0] = token;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, rest]);
};

const repeated = (count: number, piece: Buffer): Buffer => Buffer.alloc(count * piece.length, piece);

/**
 * Milliseconds in which what takes a few, or half a second, is done on the slowest machine. What grows with what a body
 * claims, or with the square of its length, would take minutes, or all memory.
 */
const AT_ONCE = 5000;
const SOON = 25_000;

/** Milliseconds of the processor, because others may want the processor too. */
function timeOf(work: () => unknown): number {
  const begun = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}

const timeToRefuse = (body: Buffer): number =>
  timeOf(() => expect(() => decodeMsgpack(body)).toThrow(SyntaxError));

const timeToDecode = (body: Buffer): number => timeOf(() => decodeMsgpack(body));

describe("a body that claims more than it holds is refused at once", () => {
  test.each<[string, Buffer]>([
    ["a list of 2^32 - 1", declared(0xdd, 2 ** 32 - 1)],
    ["a map of 2^32 - 1", declared(0xdf, 2 ** 32 - 1)],
    ["a string of 2^32 - 1", declared(0xdb, 2 ** 32 - 1)],
    ["bytes of 2^32 - 1", declared(0xc6, 2 ** 32 - 1)],
    ["a list of one more than there is", declared(0xdd, 101, Buffer.alloc(100))],
    ["a map of one more than there is", declared(0xdf, 51, repeated(51, Buffer.from([0xa0])))],
    ["a string of one more than there is", declared(0xdb, 101, Buffer.alloc(100))],
    ["bytes of one more than there is", declared(0xc6, 101, Buffer.alloc(100))],
    ["a list of lists that each claim the rest", repeated(200, declared(0xdd, 500))],
    ["2^25 in each of 200 levels", repeated(200, declared(0xdd, 2 ** 25))],
    [
      "a string that takes what the list still needs",
      declared(0xdd, 100, declared(0xdb, 95, Buffer.alloc(95))),
    ],
  ])("%s", (_, body) => {
    expect(timeToRefuse(body)).toBeLessThan(AT_ONCE);
  });
});

describe("levels", () => {
  const lists = (levels: number): Buffer =>
    Buffer.concat([Buffer.alloc(levels - 1, 0x91), Buffer.from([0x90])]);

  test("up to 256 are taken", () => {
    const decoded = decodeMsgpack(lists(256));
    expect(JSON.stringify(decoded)).toBe("[".repeat(256) + "]".repeat(256));
  });

  test.each([257, 100_000, 10_000_000])("are too many: %d", (levels) => {
    expect(timeToRefuse(lists(levels))).toBeLessThan(AT_ONCE);
    const maps = repeated(levels, Buffer.from([0x81, 0xa0]));
    expect(timeToRefuse(Buffer.concat([maps, Buffer.from([0xc0])]))).toBeLessThan(AT_ONCE);
  });

  test("are counted open, not in all", () => {
    const branch = lists(200);
    expect(decodeMsgpack(Buffer.concat([Buffer.from([0x9f]), repeated(15, branch)]))).toHaveLength(15);
  });
});

describe("many small values take a time that grows no faster than the body", () => {
  test.each<[string, Buffer]>([
    ["empty maps", Buffer.from([0x80])],
    ["empty lists", Buffer.from([0x90])],
    ["empty strings", Buffer.from([0xa0])],
    ["empty bytes", Buffer.from([0xc4, 0])],
    ["short strings beyond ASCII", Buffer.from([0xa2, 0xc3, 0xbc])],
    ["maps of an entry", Buffer.from([0x81, 0xa1, 0x61, 0x01])],
    ["integers of 64 bits", Buffer.alloc(9, 0xcf)],
  ])("%s", (_, piece) => {
    const body = (count: number): Buffer => declared(0xdd, count, repeated(count, piece));
    const decoded = decodeMsgpack(body(MEGABYTE));
    expect(decoded).toHaveLength(MEGABYTE);
    expect(timeToDecode(body(MEGABYTE))).toBeLessThan(SOON);
  });

  test("and are refused when they would fill the memory", () => {
    expect(timeToRefuse(declared(0xdd, 50 * MEGABYTE, Buffer.alloc(50 * MEGABYTE, 0x80)))).toBeLessThan(SOON);
    expect(timeToRefuse(declared(0xdd, 50 * MEGABYTE, Buffer.alloc(50 * MEGABYTE, 0x01)))).toBeLessThan(SOON);
  });

  test("a map of a million keys", () => {
    const entries = Buffer.alloc(MEGABYTE * 8);
    for (let index = 0; index < MEGABYTE; index++) {
      entries[index * 8] = 0xa6;
      entries.write(String(index).padStart(6, "k"), index * 8 + 1);
    }
    expect(timeToDecode(declared(0xdf, MEGABYTE, entries))).toBeLessThan(SOON);
  });
});

test("a large file is no bomb", () => {
  const file = Buffer.alloc(50 * MEGABYTE, 7);
  const decoded = decodeMsgpack(declared(0xc6, file.length, file));
  expect(Buffer.isBuffer(decoded) && decoded.equals(file)).toBe(true);
});
