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
/** Filter type 2: each byte is stored as its difference from the one above. */
const UP = 2;

/** Encodes a PNG file of 8 bits per colour. */
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
    chunk("IDAT", deflateSync(filtered(pixels, width * BYTES_PER_PIXEL))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A PNG file whose colours change from left to right and from top to bottom, and depend on the seed. */
export function gradient({
  seed,
  width,
  height,
  texts = {},
}: Omit<PngInput, "pixels"> & { readonly seed: number }): Buffer {
  const [red, green, blue] = [seed & 127, (seed >> 8) & 127, (seed >> 16) & 255];
  const pixels = new Uint8Array(BYTES_PER_PIXEL * width * height);
  let at = 0;
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      pixels[at++] = red + (128 * column) / width;
      pixels[at++] = green + (128 * row) / height;
      pixels[at++] = blue;
    }
  }
  return png({ width, height, pixels, texts });
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** JSON as Python writes it: characters beyond ASCII are escaped. */
function ascii(text: string): string {
  return text.replace(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Rows of pixels as PNG stores them: the filter type, then the filtered bytes. */
function filtered(pixels: Uint8Array, rowBytes: number): Uint8Array {
  const rows = pixels.length / rowBytes;
  const out = new Uint8Array(pixels.length + rows);
  for (let row = 0; row < rows; row += 1) {
    const to = row * (rowBytes + 1);
    out[to] = UP;
    for (let x = 0; x < rowBytes; x += 1) {
      const at = row * rowBytes + x;
      out[to + 1 + x] = (pixels[at] ?? 0) - (pixels[at - rowBytes] ?? 0);
    }
  }
  return out;
}
