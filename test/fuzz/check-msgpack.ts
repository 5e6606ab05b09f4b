import { isUtf8 } from "node:buffer";
import { MAX_OVERHEAD } from "../../src/worker/request/envelope/spans.js";

/** Levels of maps and lists, far below where recursion over a value fails. */
const MAX_DEPTH = 256;

/** Strings up to here are looked through byte by byte; a longer one is worth a native call. */
const SHORT_STRING = 32;

type Kind = "scalar" | "string" | "bytes" | "list" | "map";

/** Bytes of memory that a value of a kind takes by itself while it is decoded, rounded up from what was measured. */
const OVERHEAD: Readonly<Record<Kind, number>> = { scalar: 32, string: 64, bytes: 256, list: 64, map: 256 };

/** What begins with a byte from 0xc0 to 0xdf, and how many bytes of length or number follow it. */
const WIDE: readonly (readonly [kind: Kind, size: number] | undefined)[] = [
  ["scalar", 0], // nil
  undefined,
  ["scalar", 0], // false
  ["scalar", 0], // true
  ["bytes", 1],
  ["bytes", 2],
  ["bytes", 4],
  undefined, // ext
  undefined,
  undefined,
  ["scalar", 4], // float
  ["scalar", 8],
  ["scalar", 1], // unsigned integer
  ["scalar", 2],
  ["scalar", 4],
  ["scalar", 8],
  ["scalar", 1], // signed integer
  ["scalar", 2],
  ["scalar", 4],
  ["scalar", 8],
  undefined, // ext of a fixed length
  undefined,
  undefined,
  undefined,
  undefined,
  ["string", 1],
  ["string", 2],
  ["string", 4],
  ["list", 2],
  ["list", 4],
  ["map", 2],
  ["map", 4],
];

const FLOAT_32 = 0xca;
const FLOAT_64 = 0xcb;

/** Values that the open maps and lists still owe, by level; a map owes a key and a value for each entry. */
const owedAt = new Float64Array(MAX_DEPTH);
const isMapAt = new Uint8Array(MAX_DEPTH);

const refusal = (got: string): SyntaxError => new SyntaxError(`expected msgpack, got ${got}`);

function isText(body: Buffer, start: number, end: number): boolean {
  if (end - start <= SHORT_STRING) {
    let index = start;
    while (index < end && (body[index] ?? 0) < 0x80) index++;
    if (index === end) return true;
  }
  return isUtf8(body.subarray(start, end));
}

/**
 * What the scanner is compared with: the same rules for a body that is there as a whole, in one pass.
 *
 * Invariant: every value that is owed takes at least a byte of what is left, so no declared length, and no sum of them,
 * exceeds the length of the body.
 *
 * @throws SyntaxError
 */
export function checkMsgpack(body: Buffer): void {
  const end = body.length;
  let at = 0;
  /** Values to come, over all levels. */
  let owed = 1;
  let overhead = 0;
  /** Open maps and lists. */
  let depth = 0;
  while (owed > 0) {
    if (at >= end) throw refusal("a body that breaks off");
    const first = body[at++] ?? 0;
    let kind: Kind = "scalar";
    let length = 0;
    if (first >= 0x80 && first < 0xc0) {
      kind = first < 0x90 ? "map" : first < 0xa0 ? "list" : "string";
      length = first & (kind === "string" ? 0x1f : 0x0f);
    } else if (first >= 0xc0 && first < 0xe0) {
      const wide = WIDE[first - 0xc0];
      if (wide === undefined) throw refusal("an extension");
      const size = wide[1];
      kind = wide[0];
      if (size > end - at) throw refusal("a body that breaks off");
      if (kind !== "scalar") length = body.readUIntBE(at, size);
      else if (first === FLOAT_32 || first === FLOAT_64) {
        const float = first === FLOAT_32 ? body.readFloatBE(at) : body.readDoubleBE(at);
        if (!Number.isFinite(float)) throw refusal("a number that JSON does not have");
      }
      at += size;
    }

    overhead += OVERHEAD[kind];
    if (overhead > MAX_OVERHEAD) throw refusal("too many values");
    owed--;
    if (depth > 0) {
      const left = owedAt[depth - 1] ?? 0;
      if (kind !== "string" && isMapAt[depth - 1] === 1 && left % 2 === 0)
        throw refusal("a key that is no string");
      owedAt[depth - 1] = left - 1;
    }

    if (kind === "list" || kind === "map") {
      const items = kind === "map" ? 2 * length : length;
      owed += items;
      if (owed > end - at) throw refusal("a length beyond the body");
      if (depth === MAX_DEPTH) throw refusal("too many levels");
      owedAt[depth] = items;
      isMapAt[depth] = kind === "map" ? 1 : 0;
      depth++;
    } else if (length > 0) {
      if (length > end - at - owed) throw refusal("a length beyond the body");
      if (kind === "string" && !isText(body, at, at + length)) throw refusal("a string that is not UTF-8");
      at += length;
    }
    while (depth > 0 && owedAt[depth - 1] === 0) depth--;
  }
  if (at < end) throw refusal("something behind the value");
}
