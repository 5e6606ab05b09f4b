import { createHash } from "node:crypto";

interface FlacInput {
  /** Samples of the left and the right side, 16 bits each. */
  readonly left: Int16Array;
  readonly right: Int16Array;
}

/** Samples per second. */
export const SAMPLE_RATE = 44_100;
/** Samples of a frame. */
const BLOCK = 4096;
/** The code of 44,100 samples per second in a frame. */
const RATE_CODE = 9;

/** Writes a FLAC file of stereo sound. Its samples are stored as they are, which the format has for noise. */
export function flac({ left, right }: FlacInput): Buffer {
  const sound = Buffer.alloc(4 * left.length);
  for (let at = 0; at < left.length; at += 1) {
    sound.writeInt16LE(left[at] ?? 0, 4 * at);
    sound.writeInt16LE(right[at] ?? 0, 4 * at + 2);
  }
  const about = Buffer.alloc(38);
  // The last block of metadata, 34 bytes long: sizes of frames, then the sound's format and length.
  about.writeUInt32BE(0x8000_0022, 0);
  about.writeUInt16BE(BLOCK, 4);
  about.writeUInt16BE(BLOCK, 6);
  const format = (BigInt(SAMPLE_RATE) << 44n) | (1n << 41n) | (15n << 36n) | BigInt(left.length);
  about.writeBigUInt64BE(format, 14);
  createHash("md5").update(sound).digest().copy(about, 22);
  const frames = Array.from({ length: Math.ceil(left.length / BLOCK) }, (_, number) =>
    frameOf(number, left, right),
  );
  return Buffer.concat([Buffer.from("fLaC"), about, ...frames]);
}

function frameOf(number: number, left: Int16Array, right: Int16Array): Buffer {
  const from = number * BLOCK;
  const count = Math.min(BLOCK, left.length - from);
  // Blocks of one size; how many samples follows as 16 bits; two sides of 16 bits.
  const start = Buffer.from([0xff, 0xf8, (7 << 4) | RATE_CODE, (1 << 4) | (4 << 1)]);
  const size = Buffer.alloc(2);
  size.writeUInt16BE(count - 1);
  const head = Buffer.concat([start, Buffer.from(String.fromCodePoint(number)), size]);
  const sides = [left, right].map((side) => {
    const bytes = Buffer.alloc(1 + 2 * count);
    // Verbatim samples.
    bytes[0] = 0b0000_0010;
    for (let at = 0; at < count; at += 1) bytes.writeInt16BE(side[from + at] ?? 0, 1 + 2 * at);
    return bytes;
  });
  const body = Buffer.concat([head, Buffer.from([checksum(head, 8, 0x07)]), ...sides]);
  const end = Buffer.alloc(2);
  end.writeUInt16BE(checksum(body, 16, 0x8005));
  return Buffer.concat([body, end]);
}

/** A cyclic redundancy check of so many bits. */
function checksum(bytes: Buffer, bits: 8 | 16, polynomial: number): number {
  const top = 1 << (bits - 1);
  const mask = 2 ** bits - 1;
  let rest = 0;
  for (const byte of bytes) {
    rest ^= byte << (bits - 8);
    for (let bit = 0; bit < 8; bit += 1) rest = ((rest << 1) ^ (rest & top ? polynomial : 0)) & mask;
  }
  return rest;
}
