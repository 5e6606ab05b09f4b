import type { Stats } from "node:fs";
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

/** A line of a log. */
export interface LogLine {
  readonly text: string;
  /** All of it was in the file when the file was first looked at. */
  readonly stale: boolean;
}

/**
 * Follows a log file from its start: it may be created late, rotated (renamed or removed and made anew) or
 * truncated, lines may be written in pieces, and bytes that are no UTF-8 are replaced. The rest of a rotated
 * file is read before its successor.
 *
 * It polls, because file events are missing on network and overlay file systems, which is where these logs lie.
 */
export class LogTail {
  readonly #file: string;
  /** The file as it was at the first look, by whoever reads; nothing when there was none. */
  #first: Promise<Stats | undefined> | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * @param onFault is called when the file cannot be read for another reason than that it is missing; once until
   * it can be read again.
   */
  async *lines(signal: AbortSignal, onFault: (error: unknown) => void): AsyncGenerator<LogLine, void> {
    const file = this.#file;
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let handle: FileHandle | undefined;
    let faulty = false;
    let lines = new Lines();
    let position = 0;
    let known: Buffer = NOTHING;
    /** Bytes of this file that are stale. */
    let staleBytes = 0;
    const beginAnew = (): void => {
      lines = new Lines();
      position = 0;
      known = NOTHING;
      staleBytes = 0;
    };
    this.#first ??= stat(file).catch(() => undefined);
    const first = await this.#first;
    try {
      while (!signal.aborted) {
        try {
          if (handle === undefined) {
            handle = await openIfThere(file);
            const opened = await handle?.stat();
            if (first !== undefined && opened !== undefined && isSameFile(opened, first)) {
              staleBytes = opened.size < first.size ? 0 : first.size;
            }
          }
          if (handle !== undefined) {
            const from = position - known.length;
            const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, from);
            if (bytesRead < known.length || !buffer.subarray(0, known.length).equals(known)) {
              // Truncated; it may have grown beyond the old position since.
              beginAnew();
              continue;
            }
            const fresh = buffer.subarray(known.length, bytesRead);
            const stale = Math.max(0, staleBytes - position);
            position = from + bytesRead;
            known = Buffer.from(buffer.subarray(Math.max(0, bytesRead - KNOWN_BYTES), bytesRead));
            yield* lines.push(fresh.subarray(0, stale), true);
            yield* lines.push(fresh.subarray(stale), false);
            if (fresh.length > 0) continue;
            const named = await stat(file).catch(ignoreMissing);
            const here = await handle.stat();
            // Until its successor has begun, the writer may not have let go of the old file.
            if (named !== undefined && !isSameFile(named, here) && named.size > 0) {
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
}

const isSameFile = (one: Stats, other: Stats): boolean => one.ino === other.ino && one.dev === other.dev;

const ignoreMissing = (error: NodeJS.ErrnoException): undefined => {
  if (error.code !== "ENOENT") throw error;
};

const openIfThere = (file: string): Promise<FileHandle | undefined> => open(file, "r").catch(ignoreMissing);

/** Puts lines together from pieces that may end inside of a line or of a character. */
class Lines {
  readonly #decoder = new StringDecoder("utf8");
  #begun = "";
  /** Of the line that has begun. */
  #stale = true;

  *push(bytes: Buffer, stale: boolean): Generator<LogLine> {
    if (bytes.length === 0) return;
    const parts = (this.#begun + this.#decoder.write(bytes)).split("\n");
    const begun = this.#begun;
    this.#begun = (parts.pop() ?? "").slice(0, MAX_LINE_LENGTH);
    for (const [index, part] of parts.entries()) {
      const text = part.endsWith("\r") ? part.slice(0, -1) : part;
      yield {
        text,
        stale: stale || (index === 0 && this.#stale && begun !== "" && text.length <= begun.length),
      };
    }
    if (parts.length > 0 || !stale) this.#stale = stale;
  }

  /** The last line, where the file ended without a line break. */
  *end(): Generator<LogLine> {
    const last = this.#begun + this.#decoder.end();
    this.#begun = "";
    if (last !== "") yield { text: last, stale: this.#stale };
  }
}
