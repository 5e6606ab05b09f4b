import { mp4 } from "./mp4.js";

interface VideoInput {
  readonly seed: number;
  /** Even numbers of pixels. */
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly framesPerSecond: number;
}

/** Brightness (16 to 235) and the two colour differences (16 to 240) of BT.601. */
type Color = readonly [luma: number, blue: number, red: number];

const NAL = { frame: 0x21, keyFrame: 0x65, sequence: 0x67, picture: 0x68 } as const;
/** Baseline, which every decoder has, at a level without limits that matter here. */
const PROFILE = 66;
const LEVEL = 51;
/** Pixels of a macroblock's side. */
const BLOCK = 16;
/** Frame numbers wrap around after so many bits. */
const FRAME_NUMBER_BITS = 4;
const SQUARE: Color = [225, 128, 128];

/**
 * A video as an MP4 file: a light square that moves through the last row of macroblocks, on a ground whose colour depends on
 * the seed. One that is 16 pixels high or wide does not move.
 */
export function video({ seed, width, height, frames, framesPerSecond }: VideoInput): Buffer {
  const [columns, rows] = [Math.ceil(width / BLOCK), Math.ceil(height / BLOCK)];
  const ground: Color = [40 + (seed & 63), 64 + ((seed >> 8) & 127), 64 + ((seed >> 16) & 127)];
  const columnAt = (number: number): number =>
    Math.round((columns - 1) * (1 - (rows > 1 ? number / Math.max(1, frames - 1) : 0)));
  return mp4({
    ...{ width, height, framesPerSecond },
    sequence: sequenceParameters(width, height, columns, rows),
    picture: pictureParameters(),
    frames: Array.from({ length: frames }, (_, number) =>
      number === 0
        ? keyFrame(ground, columns, rows)
        : frame(number, columnAt(number - 1), columnAt(number), columns, rows),
    ),
  });
}

/** The frame size. */
function sequenceParameters(width: number, height: number, columns: number, rows: number): Buffer {
  const [cutColumns, cutRows] = [(columns * BLOCK - width) / 2, (rows * BLOCK - height) / 2];
  // Frame numbers of 4 bits, shown in the order of the stream, one reference frame, no gaps; cropped at right and bottom.
  return unit(
    NAL.sequence,
    `${bits(PROFILE, 8)}11000000${bits(LEVEL, 8)}${golomb(0, FRAME_NUMBER_BITS - 4, 2, 1)}0` +
      `${golomb(columns - 1, rows - 1)}111${golomb(0, cutColumns, 0, cutRows)}0`,
  );
}

/** How frames are coded: variable lengths, and a deblocking filter that each frame can turn off. */
const pictureParameters = (): Buffer =>
  unit(NAL.picture, `${golomb(0, 0)}00${golomb(0, 0, 0)}000${golomb(0, 0, 0)}100`);

/** The ground, and the square in the last macroblock. */
function keyFrame(ground: Color, columns: number, rows: number): Buffer {
  // All of it in one slice; the filter is off.
  let stream = `${golomb(0, 7, 0)}${bits(0, FRAME_NUMBER_BITS)}${golomb(0)}00${golomb(0, 1)}`;
  const last = columns * rows - 1;
  for (let index = 0; index <= last; index += 1) {
    if (index === 0) stream = withRaw(stream + golomb(RAW), ground);
    else if (index === last) stream = withRaw(stream + golomb(RAW), SQUARE);
    else stream += predicted(0, index >= columns, index === 1 || index === columns);
  }
  return unit(NAL.keyFrame, stream);
}

/** The frame before, with the square moved to the left. @param number counted from the key frame. */
function frame(number: number, from: number, to: number, columns: number, rows: number): Buffer {
  const header = `${golomb(0, 5, 0)}${bits(number % 2 ** FRAME_NUMBER_BITS, FRAME_NUMBER_BITS)}000${golomb(0, 1)}`;
  if (from === to) return unit(NAL.frame, header + golomb(columns * rows));
  const skipped = golomb((rows - 1) * columns + to);
  const square = withRaw(header + skipped + golomb(INTRA_IN_INTER + RAW), SQUARE);
  const ground = golomb(from - to - 1) + predicted(INTRA_IN_INTER, true, from === to + 1);
  const rest = columns - 1 - from;
  return unit(NAL.frame, square + ground + (rest > 0 ? golomb(rest) : ""));
}

/** The macroblock type that holds samples as they are. */
const RAW = 25;
/** Offset of a key frame's macroblock types in other frames. */
const INTRA_IN_INTER = 5;

/**
 * A macroblock predicted from the one above it, or the one at its left, without residual.
 *
 * @param isByRaw whether its neighbour holds samples: the code for "no coefficients" depends on that.
 */
const predicted = (offset: number, isFromAbove: boolean, isByRaw: boolean): string =>
  `${golomb(offset + (isFromAbove ? 1 : 2), isFromAbove ? 2 : 1, 0)}${isByRaw ? "000011" : "1"}`;

/** A stream with 256 samples of brightness and 64 of each colour difference, which begin at a whole byte. */
function withRaw(stream: string, [luma, blue, red]: Color): string {
  const aligned = stream.padEnd(8 * Math.ceil(stream.length / 8), "0");
  return aligned + bits(luma, 8).repeat(256) + bits(blue, 8).repeat(64) + bits(red, 8).repeat(64);
}

const bits = (value: number, count: number): string => value.toString(2).padStart(count, "0");

/** Exp-Golomb codes of numbers from 0 on. */
function golomb(...values: readonly number[]): string {
  return values.map((value) => bits(value + 1, 2 * (value + 1).toString(2).length - 1)).join("");
}

/** A unit of the stream, closed with a 1 and zeros. Bytes that would begin another unit get a 3 before the last. */
function unit(type: number, stream: string): Buffer {
  const whole = `${stream}1`;
  const bytes = [type];
  let zeros = 0;
  for (let at = 0; at < whole.length; at += 8) {
    const byte = Number.parseInt(whole.slice(at, at + 8).padEnd(8, "0"), 2);
    if (zeros >= 2 && byte <= 3) {
      bytes.push(3);
      zeros = 0;
    }
    bytes.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(bytes);
}
