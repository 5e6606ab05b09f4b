import { gunzipSync, gzipSync } from "node:zlib";

/** Files by name. Names have at most 100 bytes. */
export type TarFiles = Readonly<Record<string, Uint8Array>>;

const BLOCK = 512;

/** A gzipped tar archive (ustar) with these files, the same bytes for the same files. */
export function packed(files: TarFiles): Buffer {
  const blocks = Object.entries(files).flatMap(([name, bytes]) => [
    headerOf(name, bytes.length),
    bytes,
    Buffer.alloc(padding(bytes.length)),
  ]);
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), { level: 9 });
}

/**
 * The regular files in a gzipped tar archive, by their names without `./`.
 *
 * @param most - bytes that they may have together.
 * @throws Error when it is no such archive, or larger.
 */
export function unpacked(archive: Uint8Array, most: number): TarFiles {
  const tar = gunzipSync(archive, { maxOutputLength: most });
  const files: Record<string, Uint8Array> = {};
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const text = (start: number, length: number): string =>
      tar.toString("utf8", at + start, at + start + length).replace(/\0.*$/s, "");
    const size = Number.parseInt(text(124, 12).trim(), 8);
    if (!Number.isInteger(size) || at + BLOCK + size > tar.length) throw new Error("a damaged tar archive");
    const type = text(156, 1);
    if (type === "0" || type === "") {
      files[text(0, 100).replace(/^\.\//, "")] = tar.subarray(at + BLOCK, at + BLOCK + size);
    }
    at += BLOCK + size + padding(size);
  }
  return files;
}

const padding = (size: number): number => (BLOCK - (size % BLOCK)) % BLOCK;

function headerOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");
  header.write(name, 0);
  header.write(`${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100);
  header.write(`${octal(size, 11)}\0${octal(0, 11)}\0`, 124);
  header.write("        0", 148);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}
