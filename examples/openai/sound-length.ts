/** Bytes of a second of a compressed file: 128 kbit. */
const COMPRESSED = 16_000;
/** Chunks of a WAV file that are looked through for its samples. */
const MAX_CHUNKS = 64;

/** Bytes that are read in places, without decoding all of a base64 text. */
interface Bytes {
  readonly length: number;
  /** Fewer at the end. */
  at(offset: number, length: number): Buffer;
}

/**
 * Seconds of sound in a file: of a WAV file as its head has it, of others by their size.
 *
 * @param file base64 text, a `data:` URL, or bytes; of anything else the length is not known.
 */
export function soundLength(file: unknown): number {
  const bytes =
    typeof file === "string" ? inBase64(file) : file instanceof Uint8Array ? inMemory(file) : undefined;
  if (bytes === undefined) return Number.NaN;
  return wavLength(bytes) ?? bytes.length / COMPRESSED;
}

function inMemory(file: Uint8Array): Bytes {
  return {
    length: file.length,
    at: (offset, length) => Buffer.from(file.subarray(offset, offset + length)),
  };
}

function inBase64(text: string): Bytes {
  const start = /^data:[^,]{0,256},/i.exec(text.slice(0, 300))?.[0].length ?? 0;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return {
    length: Math.floor(((text.length - start - padding) * 3) / 4),
    at: (offset, length) => {
      // Four characters are three bytes.
      const from = start + 4 * Math.floor(offset / 3);
      const digits = text.slice(from, from + 4 * Math.ceil((length + 3) / 3));
      return Buffer.from(digits, "base64").subarray(offset % 3, (offset % 3) + length);
    },
  };
}

/** Undefined: it is no WAV file, or has no samples. */
function wavLength(bytes: Bytes): number | undefined {
  const head = bytes.at(0, 12).toString("latin1");
  if (!head.startsWith("RIFF") || !head.endsWith("WAVE")) return undefined;
  let bytesPerSecond = 0;
  let at = 12;
  for (let chunks = 0; chunks < MAX_CHUNKS; chunks += 1) {
    const chunk = bytes.at(at, 20);
    if (chunk.length < 8) return undefined;
    const name = chunk.toString("latin1", 0, 4);
    const size = chunk.readUInt32LE(4);
    if (name === "fmt " && chunk.length === 20) bytesPerSecond = chunk.readUInt32LE(16);
    if (name === "data" && bytesPerSecond > 0) {
      // A file that was written as a stream has 0 or the largest number for what was not known yet.
      const rest = bytes.length - at - 8;
      return (size === 0 ? rest : Math.min(size, rest)) / bytesPerSecond;
    }
    at += 8 + size + (size % 2);
  }
  return undefined;
}
