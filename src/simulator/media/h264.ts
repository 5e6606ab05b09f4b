import { BitWriter } from "./bit-writer.js";

/** Pixels of a macroblock's side. */
export const BLOCK = 16;

/** A macroblock that is not what it was in the frame before. */
export interface CodedBlock {
  /** Its number, row by row. */
  readonly index: number;
  /** 256 samples of brightness, then 64 of each colour difference; none of them 0. */
  readonly samples: Uint8Array;
}

const UNIT = { frame: 0x21, keyFrame: 0x65, sequence: 0x67, picture: 0x68 } as const;
/** Baseline, which every decoder has, at its highest level: the blocks are not compressed. */
const PROFILE = 66;
const LEVEL = 51;
/** The macroblock type that holds samples as they are: its number in a key frame, and in another one. */
const RAW = { keyFrame: 25, frame: 30 } as const;
const FRAME_NUMBER_BITS = 4;

/** Macroblocks in a row, or in a column. */
export const blocksOf = (pixels: number): number => Math.ceil(pixels / BLOCK);

/** Says how large the frames are. @param width, height even numbers. */
export function sequenceParameters(width: number, height: number): Buffer {
  const [columns, rows] = [blocksOf(width), blocksOf(height)];
  const cropped = [(columns * BLOCK - width) / 2, (rows * BLOCK - height) / 2] as const;
  const bits = new BitWriter().bits(PROFILE, 8).bits(0b1100_0000, 8).bits(LEVEL, 8);
  // Frame numbers of 4 bits, shown in the order of the stream, one frame to refer to, no gaps.
  bits.golomb(0, FRAME_NUMBER_BITS - 4, 2, 1).bits(0, 1);
  bits.golomb(columns - 1, rows - 1).bits(0b11, 2);
  // Cropped on the right and at the bottom; no further words on how to show it.
  bits.bits(1, 1).golomb(0, cropped[0], 0, cropped[1]).bits(0, 1);
  return unit(UNIT.sequence, bits.end());
}

/** Says how the frames are coded: variable lengths, and a deblocking filter that each frame can leave out. */
export function pictureParameters(): Buffer {
  const bits = new BitWriter().golomb(0, 0).bits(0, 2).golomb(0, 0, 0).bits(0, 3);
  bits.golomb(0, 0, 0).bits(0b100, 3);
  return unit(UNIT.picture, bits.end());
}

/** The first frame, with all of its macroblocks in order. */
export function keyFrame(blocks: readonly CodedBlock[]): Buffer {
  // All of it in one slice, by itself; the filter is off.
  const bits = new BitWriter().golomb(0, 7, 0).bits(0, FRAME_NUMBER_BITS).golomb(0).bits(0, 2).golomb(0, 1);
  for (const { samples } of blocks) bits.golomb(RAW.keyFrame).align().bytes(samples);
  return unit(UNIT.keyFrame, bits.end());
}

/**
 * A frame that is the one before but for some macroblocks.
 *
 * @param number of the frame, counted from the key frame.
 * @param blocks in order.
 * @param total macroblocks of a frame.
 */
export function frame(number: number, blocks: readonly CodedBlock[], total: number): Buffer {
  const bits = new BitWriter().golomb(0, 5, 0).bits(number % 2 ** FRAME_NUMBER_BITS, FRAME_NUMBER_BITS);
  bits.bits(0, 3).golomb(0, 1);
  let next = 0;
  for (const { index, samples } of blocks) {
    bits
      .golomb(index - next, RAW.frame)
      .align()
      .bytes(samples);
    next = index + 1;
  }
  if (next < total) bits.golomb(total - next);
  return unit(UNIT.frame, bits.end());
}

/** A unit of the stream. Three bytes that begin another one get a 3 before the last. */
function unit(type: number, payload: Buffer): Buffer {
  const pieces: Buffer[] = [Buffer.from([type])];
  let zeros = 0;
  let from = 0;
  for (let at = 0; at < payload.length; at += 1) {
    const byte = payload[at] ?? 0;
    if (zeros >= 2 && byte <= 3) {
      pieces.push(payload.subarray(from, at), Buffer.from([3]));
      from = at;
      zeros = 0;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.concat([...pieces, payload.subarray(from)]);
}
