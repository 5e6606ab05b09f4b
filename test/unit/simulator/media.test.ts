import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { random } from "../../../src/shared/random.js";
import { video } from "../../../src/simulator/media/h264.js";
import { gradient, png } from "../../../src/simulator/media/png.js";
import { flac, flacTone } from "../../../src/simulator/media/sound.js";
import { decodedPng } from "../../support/decoded-png.js";

describe("a PNG", () => {
  test("gives back the very pixels that it was made of", () => {
    const numbers = random(3);
    const pixels = Uint8Array.from({ length: 31 * 17 * 3 }, () => 256 * numbers());
    const decoded = decodedPng(png({ width: 31, height: 17, pixels }));
    expect(decoded).toMatchObject({ width: 31, height: 17, chunks: ["IHDR", "IDAT", "IEND"] });
    expect(Buffer.from(decoded.pixels)).toEqual(Buffer.from(pixels));
  });

  test("carries texts along, in letters that any reader takes", () => {
    const file = png({
      width: 1,
      height: 1,
      pixels: new Uint8Array(3),
      texts: { prompt: '{"text":"Zürich 山"}' },
    });
    expect(decodedPng(file).texts).toEqual({ prompt: '{"text":"Z\\u00fcrich \\u5c71"}' });
  });
});

describe("a picture", () => {
  test("has the requested size, and many colours", () => {
    const { width, height, pixels } = decodedPng(gradient({ seed: 1, width: 96, height: 64 }));
    expect([width, height]).toEqual([96, 64]);
    const colors = new Set(
      Array.from({ length: 96 * 64 }, (_, at) => pixels.slice(3 * at, 3 * at + 3).join()),
    );
    expect(colors.size).toBeGreaterThan(500);
  });

  test("depends on its seed and on nothing else", () => {
    const file = (seed: number): Buffer => gradient({ seed, width: 64, height: 64 });
    expect(file(1)).toEqual(file(1));
    expect(file(2)).not.toEqual(file(1));
  });
});

/** The boxes of an MP4 file, or of one of its boxes, by type. */
function boxesOf(bytes: Buffer): ReadonlyMap<string, Buffer> {
  const boxes = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    boxes.set(bytes.toString("latin1", at + 4, at + 8), bytes.subarray(at + 8, at + bytes.readUInt32BE(at)));
  }
  return boxes;
}

/** The box at the end of a path. */
const boxAt = (bytes: Buffer, ...path: readonly string[]): Buffer =>
  path.reduce((outer, type) => boxesOf(outer).get(type) ?? Buffer.alloc(0), bytes);

test("a video has the place of each of its frames, and the first one is a key frame", () => {
  const file = video({ seed: 1, width: 48, height: 40, frames: 9, framesPerSecond: 16 });
  expect([...boxesOf(file).keys()]).toEqual(["ftyp", "moov", "mdat"]);
  const table = (type: string): Buffer => boxAt(file, "moov", "trak", "mdia", "minf", "stbl", type);
  const sizes = Array.from({ length: table("stsz").readUInt32BE(8) }, (_, at) =>
    table("stsz").readUInt32BE(12 + 4 * at),
  );
  expect(sizes).toHaveLength(9);
  let at = table("stco").readUInt32BE(8);
  const kinds = sizes.map((size) => {
    // Each frame is one unit, behind its length; the kind is in the unit's first byte.
    expect(file.readUInt32BE(at)).toBe(size - 4);
    const kind = (file[at + 4] ?? 0) & 0x1f;
    at += size;
    return kind;
  });
  expect(kinds).toEqual([5, 1, 1, 1, 1, 1, 1, 1, 1]);
  expect(at).toBe(file.length);
  expect(Math.max(...sizes.slice(1))).toBeLessThan(sizes[0] ?? 0);
});

/** What remains of a polynomial division, for frames of a FLAC file: 0 where the checksum at their end is right. */
function remainder(bytes: Buffer): number {
  let rest = 0;
  for (const byte of bytes) {
    rest ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) rest = ((rest << 1) ^ (rest & 0x8000 ? 0x8005 : 0)) & 0xffff;
  }
  return rest;
}

describe("a FLAC file", () => {
  test("gives back the very samples that it was made of", () => {
    const numbers = random(5);
    const side = (): Int16Array => Int16Array.from({ length: 5000 }, () => 65_536 * numbers() - 32_768);
    const [left, right] = [side(), side()];
    const file = flac(left, right);
    expect(file.toString("latin1", 0, 4)).toBe("fLaC");
    const found = Buffer.alloc(4 * 5000);
    let at = 42;
    for (const [from, count] of [
      [0, 4096],
      [4096, 904],
    ] as const) {
      // 8 bytes of head with its own checksum; each side has a byte in front, and the frame's checksum is behind both.
      const frame = file.subarray(at, at + 8 + 2 * (1 + 2 * count) + 2);
      expect(remainder(frame)).toBe(0);
      const samples = frame.subarray(8);
      for (let sample = 0; sample < count; sample += 1) {
        found.writeInt16LE(samples.readInt16BE(1 + 2 * sample), 4 * (from + sample));
        found.writeInt16LE(samples.readInt16BE(2 + 2 * count + 2 * sample), 4 * (from + sample) + 2);
      }
      at += frame.length;
    }
    expect(at).toBe(file.length);
    const expected = Buffer.alloc(4 * 5000);
    for (let sample = 0; sample < 5000; sample += 1) {
      expected.writeInt16LE(left[sample] ?? 0, 4 * sample);
      expected.writeInt16LE(right[sample] ?? 0, 4 * sample + 2);
    }
    expect(found).toEqual(expected);
    expect(file.subarray(26, 42)).toEqual(createHash("md5").update(expected).digest());
  });

  test("with a tone has the requested length, and is not silent", () => {
    const file = flacTone(1.5, 220);
    expect(Number(file.readBigUInt64BE(18) & 0xf_ffff_ffffn)).toBe(66_150);
    expect(new Set(file.subarray(100, 5000)).size).toBeGreaterThan(100);
  });
});
