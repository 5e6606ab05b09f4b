import { type FileHandle, open, stat } from "node:fs/promises";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds between two looks at the file. */
const POLL_MS = 100;
const CHUNK_BYTES = 64 * 1024;
/** A longer line is cut: no readiness or error line is that long, and memory is bounded. */
const MAX_LINE_LENGTH = 64 * 1024;
/** Bytes before the position that are compared at each look: others there mean that the file was begun anew. */
const KNOWN_BYTES = 256;
const NOTHING = Buffer.alloc(0);

/**
 * Follows a log file from its start: it may be created late, rotated (renamed or removed and made anew) or
 * truncated, lines may be written in pieces, and bytes that are no UTF-8 are replaced. The rest of a rotated
 * file is read before its successor.
 *
 * It polls, because file events are missing on network and overlay file systems, which is where these logs lie.
 *
 * @param onFault is told when the file cannot be read for another reason than that it is not there; once until
 * it can be read again.
 */
export async function* tailLog(
  file: string,
  signal: AbortSignal,
  onFault: (error: unknown) => void,
): AsyncGenerator<string, void> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let handle: FileHandle | undefined;
  let faulty = false;
  let lines = new Lines();
  let position = 0;
  let known: Buffer = NOTHING;
  const beginAnew = (): void => {
    lines = new Lines();
    position = 0;
    known = NOTHING;
  };
  try {
    while (!signal.aborted) {
      try {
        handle ??= await openIfThere(file);
        if (handle !== undefined) {
          const from = position - known.length;
          const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, from);
          if (bytesRead < known.length || !buffer.subarray(0, known.length).equals(known)) {
            // Truncated; it may have grown beyond the old position since.
            beginAnew();
            continue;
          }
          const fresh = buffer.subarray(known.length, bytesRead);
          position = from + bytesRead;
          known = Buffer.from(buffer.subarray(Math.max(0, bytesRead - KNOWN_BYTES), bytesRead));
          yield* lines.push(fresh);
          if (fresh.length > 0) continue;
          const named = await stat(file).catch(ignoreMissing);
          const here = await handle.stat();
          const isRotated = named !== undefined && (named.ino !== here.ino || named.dev !== here.dev);
          // Until its successor has begun, the writer may not have let go of the old file.
          if (isRotated && named.size > 0) {
            if (here.size > position) continue;
            yield* lines.end();
            await handle.close();
            handle = undefined;
            beginAnew();
            continue;
          }
        }
        faulty = false;
      } catch (error) {
        if (!faulty) onFault(error);
        faulty = true;
        await handle?.close().catch(() => {});
        handle = undefined;
        beginAnew();
      }
      await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    await handle?.close().catch(() => {});
  }
}

const ignoreMissing = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== "ENOENT") throw error;
};

const openIfThere = (file: string): Promise<FileHandle | undefined> => open(file, "r").catch(ignoreMissing);

/** Puts lines together from pieces that may end inside of a line or of a character. */
class Lines {
  readonly #decoder = new StringDecoder("utf8");
  #begun = "";

  *push(bytes: Buffer): Generator<string> {
    if (bytes.length === 0) return;
    const parts = (this.#begun + this.#decoder.write(bytes)).split("\n");
    this.#begun = (parts.pop() ?? "").slice(0, MAX_LINE_LENGTH);
    for (const part of parts) yield part.endsWith("\r") ? part.slice(0, -1) : part;
  }

  /** The last line, where the file ended without a line break. */
  *end(): Generator<string> {
    const last = this.#begun + this.#decoder.end();
    this.#begun = "";
    if (last !== "") yield last;
  }
}
