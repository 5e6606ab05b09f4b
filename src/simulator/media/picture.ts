import { setImmediate as nextTurn } from "node:timers/promises";
import { png } from "./png.js";
import { Scene } from "./scene.js";

/** How far the sun has gone down in a still picture. */
const MOMENT = 0.5;

/** Rows after which others have their turn. */
const ROWS = 32;

/**
 * A landscape as a PNG file.
 *
 * @param texts that it carries along, by keyword.
 * @throws the signal's reason when it is aborted meanwhile.
 */
export async function picture(
  seed: number,
  width: number,
  height: number,
  texts: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Buffer> {
  const scene = new Scene(seed, width, height);
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    if (y % ROWS === 0) await nextTurn(undefined, signal && { signal });
    for (let x = 0; x < width; x += 1) scene.paint(x, y, MOMENT, pixels, (y * width + x) * 3);
  }
  return png({ width, height, pixels, texts });
}
