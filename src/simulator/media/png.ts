import { crc32, deflateSync } from "node:zlib";

interface PngInput {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of each pixel, row by row. */
  readonly pixels: Uint8Array;
  /** Texts to carry along, by keyword. */
  readonly texts?: Readonly<Record<string, string>>;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const BYTES_PER_PIXEL = 3;
/** Each byte is stored as its difference from what the Paeth predictor expects. */
const PAETH = 4;

/** Writes a PNG file of 8 bits per colour. */
export function png({ width, height, pixels, texts = {} }: PngInput): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Bits per colour, and colours without transparency.
  header.set([8, 2], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    ...Object.entries(texts).map(([keyword, text]) =>
      chunk("tEXt", Buffer.from(`${keyword}\0${ascii(text)}`, "latin1")),
    ),
    chunk("IDAT", deflateSync(filtered(pixels, width, height))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(data.length, 0);
  around.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([around.subarray(0, 4), body, around.subarray(4)]);
}

/** JSON as Python writes it, which has no letters beyond ASCII. */
function ascii(text: string): string {
  return text.replace(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function filtered(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const row = width * BYTES_PER_PIXEL;
  const out = new Uint8Array((row + 1) * height);
  for (let y = 0; y < height; y += 1) {
    const to = y * (row + 1) + 1;
    const from = y * row;
    out[to - 1] = PAETH;
    for (let x = 0; x < row; x += 1) {
      const isFirst = x < BYTES_PER_PIXEL;
      const left = isFirst ? 0 : (pixels[from + x - BYTES_PER_PIXEL] ?? 0);
      const above = y === 0 ? 0 : (pixels[from + x - row] ?? 0);
      const corner = isFirst || y === 0 ? 0 : (pixels[from + x - row - BYTES_PER_PIXEL] ?? 0);
      out[to + x] = (pixels[from + x] ?? 0) - paeth(left, above, corner);
    }
  }
  return out;
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const fromLeft = Math.abs(guess - left);
  const fromAbove = Math.abs(guess - above);
  const fromCorner = Math.abs(guess - corner);
  if (fromLeft <= fromAbove && fromLeft <= fromCorner) return left;
  return fromAbove <= fromCorner ? above : corner;
}
