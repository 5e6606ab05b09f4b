import { setImmediate as nextTurn } from "node:timers/promises";
import {
  BLOCK,
  blocksOf,
  type CodedBlock,
  frame,
  keyFrame,
  pictureParameters,
  sequenceParameters,
} from "./h264.js";
import { mp4 } from "./mp4.js";
import { Scene } from "./scene.js";

interface VideoInput {
  readonly seed: number;
  /** Even numbers of pixels. */
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly framesPerSecond: number;
}

/**
 * A landscape in which the sun goes down, as an MP4 file.
 *
 * @throws the signal's reason when it is aborted meanwhile.
 */
export async function video(input: VideoInput, signal?: AbortSignal): Promise<Buffer> {
  const { seed, width, height, frames, framesPerSecond } = input;
  const scene = new Scene(seed, width, height);
  const painter = new BlockPainter(scene, width, height);
  const columns = blocksOf(width);
  const total = columns * blocksOf(height);
  const momentOf = (number: number): number => number / Math.max(1, frames - 1);
  const whole: CodedBlock[] = [];
  for (let index = 0; index < total; index += 1) {
    if (index % columns === 0) await nextTurn(undefined, signal && { signal });
    whole.push(painter.block(index, 0));
  }
  const units = [keyFrame(whole)];
  for (let number = 1; number < frames; number += 1) {
    await nextTurn(undefined, signal && { signal });
    const changed = new Set<number>();
    for (const { left, top, right, bottom } of scene.moving(momentOf(number - 1), momentOf(number))) {
      const [lastColumn, lastRow] = [blocksOf(Math.min(right, width)), blocksOf(Math.min(bottom, height))];
      for (let row = Math.floor(Math.max(0, top) / BLOCK); row < lastRow; row += 1) {
        for (let column = Math.floor(Math.max(0, left) / BLOCK); column < lastColumn; column += 1) {
          changed.add(row * columns + column);
        }
      }
    }
    const indices = [...changed].sort((one, other) => one - other);
    const blocks = indices.map((index) => painter.block(index, momentOf(number)));
    units.push(frame(number, blocks, total));
  }
  return mp4({
    width,
    height,
    framesPerSecond,
    sequence: sequenceParameters(width, height),
    picture: pictureParameters(),
    frames: units,
  });
}

/** Paints macroblocks of a scene, in brightness and colour differences. */
class BlockPainter {
  readonly #pixels = new Uint8Array(BLOCK * BLOCK * 3);

  readonly #scene: Scene;
  readonly #width: number;
  readonly #height: number;

  constructor(scene: Scene, width: number, height: number) {
    this.#scene = scene;
    this.#width = width;
    this.#height = height;
  }

  block(index: number, moment: number): CodedBlock {
    const columns = blocksOf(this.#width);
    const left = (index % columns) * BLOCK;
    const top = Math.floor(index / columns) * BLOCK;
    const pixels = this.#pixels;
    for (let y = 0; y < BLOCK; y += 1) {
      for (let x = 0; x < BLOCK; x += 1) {
        // Beyond the edge, which is cropped, the last pixel goes on.
        const [atX, atY] = [Math.min(left + x, this.#width - 1), Math.min(top + y, this.#height - 1)];
        this.#scene.paint(atX, atY, moment, pixels, (y * BLOCK + x) * 3);
      }
    }
    return { index, samples: samplesOf(pixels) };
  }
}

/** BT.601, whose brightness is from 16 to 235; each colour difference stands for four pixels. */
function samplesOf(pixels: Uint8Array): Uint8Array {
  const samples = new Uint8Array(384);
  for (let at = 0; at < BLOCK * BLOCK; at += 1) {
    const red = pixels[3 * at] ?? 0;
    const green = pixels[3 * at + 1] ?? 0;
    const blue = pixels[3 * at + 2] ?? 0;
    samples[at] = Math.round(16 + 0.257 * red + 0.504 * green + 0.098 * blue);
    const x = at % BLOCK;
    const y = Math.floor(at / BLOCK);
    if (x % 2 === 1 || y % 2 === 1) continue;
    const quarter = 256 + (y / 2) * (BLOCK / 2) + x / 2;
    samples[quarter] = Math.round(128 - 0.148 * red - 0.291 * green + 0.439 * blue);
    samples[quarter + 64] = Math.round(128 + 0.439 * red - 0.368 * green - 0.071 * blue);
  }
  return samples;
}
