import { crc32, inflateSync } from "node:zlib";

/** A PNG file, read by the letter of its specification. */
export interface DecodedPng {
  readonly width: number;
  readonly height: number;
  /** Types of its chunks, in order. */
  readonly chunks: readonly string[];
  /** Texts that it carries, by keyword. */
  readonly texts: Readonly<Record<string, string>>;
  /** Red, green and blue, row by row. */
  readonly pixels: Uint8Array;
}

const SIGNATURE = "89504e470d0a1a0a";
const BYTES = 3;

/** Reads a PNG file of 8-bit colours without transparency. @throws Error when anything about it is wrong. */
export function decodedPng(file: Buffer): DecodedPng {
  if (file.subarray(0, 8).toString("hex") !== SIGNATURE) throw new Error("no PNG signature");
  const chunks: { readonly type: string; readonly data: Buffer }[] = [];
  for (let at = 8; at < file.length; ) {
    const end = at + 8 + file.readUInt32BE(at);
    const type = file.toString("latin1", at + 4, at + 8);
    if (file.readUInt32BE(end) !== crc32(file.subarray(at + 4, end))) throw new Error(`wrong CRC of ${type}`);
    chunks.push({ type, data: file.subarray(at + 8, end) });
    at = end + 4;
  }
  const of = (wanted: string): readonly Buffer[] =>
    chunks.filter(({ type }) => type === wanted).map(({ data }) => data);
  const [header] = of("IHDR");
  if (header?.toString("hex", 8) !== "0802000000") throw new Error("expected 8-bit RGB");
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const rows = inflateSync(Buffer.concat(of("IDAT")));
  if (rows.length !== height * (1 + BYTES * width)) throw new Error(`expected ${height} rows of ${width}`);
  const texts = of("tEXt").map((data) => data.toString("latin1").split("\0"));
  return {
    width,
    height,
    chunks: chunks.map(({ type }) => type),
    texts: Object.fromEntries(texts),
    pixels: unfiltered(rows, width, height),
  };
}

function unfiltered(rows: Buffer, width: number, height: number): Uint8Array {
  const length = BYTES * width;
  const out = new Uint8Array(length * height);
  const at = (x: number, y: number): number => (x < 0 || y < 0 ? 0 : (out[y * length + x] ?? 0));
  for (let y = 0; y < height; y += 1) {
    const filter = rows[y * (length + 1)];
    for (let x = 0; x < length; x += 1) {
      const [left, above, corner] = [at(x - BYTES, y), at(x, y - 1), at(x - BYTES, y - 1)];
      const guess = left + above - corner;
      const nearest = [left, above, corner].sort(
        (one, other) => Math.abs(guess - one) - Math.abs(guess - other),
      );
      const expected = [0, left, above, (left + above) >> 1, nearest[0]][filter ?? 0] ?? 0;
      out[y * length + x] = (rows[y * (length + 1) + 1 + x] ?? 0) + expected;
    }
  }
  return out;
}
