/**
 * The encoding of arguments and results: msgpack, with these extension types for what msgpack has no type for. Both sides
 * of a call use it; a value has one encoding only.
 */
export const EXTENSION = {
  undefined: 1,
  /** Milliseconds since the epoch as a float64; NaN for an invalid date. */
  date: 2,
  /** Keys and values in turn, each encoded. */
  map: 3,
  /** Items, each encoded. */
  set: 4,
  /** Hexadecimal digits as text, with a sign where it is negative. */
  bigint: 5,
  /** Its fields as an encoded object. */
  error: 6,
  /** A byte with the index in {@link BINARY_TYPES}, then its bytes, numbers little-endian. */
  binary: 7,
} as const;

/** Types of binary values, by index. Plain `Uint8Array`s are msgpack's own binary type. New ones are added at the end. */
export const BINARY_TYPES = [
  "Buffer",
  "ArrayBuffer",
  "DataView",
  "Int8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
] as const;

export type BinaryType = (typeof BINARY_TYPES)[number];

/** Levels of objects, lists, maps and sets in each other. */
export const MAX_DEPTH = 200;

/** Largest encoded value, in bytes: 64 MiB. */
export const MAX_BYTES = 64 * 1024 * 1024;
