import { constants, fstatSync, type Stats, statSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { errorMessage } from "../../shared/errors.js";
import { assertRegularFile } from "../../shared/regular-file.js";
import { type LogLine, LogText } from "./log-text.js";

/** Milliseconds between two reads of the file. */
const POLL_MS = 100;
/** Milliseconds without a new byte after which a line that has begun is given as it is. */
const SILENCE_MS = 1000;
const CHUNK_BYTES = 64 * 1024;
/** Bytes before the position that are compared at each read: a difference means that the file was written anew. */
const KNOWN_BYTES = 256;
const NOTHING = Buffer.alloc(0);

/** The file is no regular one, or one that the worker itself writes: it cannot be followed as a log. */
export class UnsuitableLogError extends Error {
  override readonly name = "UnsuitableLogError";
}

/**
 * Follows a log file from its start: it may be created late, rotated (renamed or removed and made anew) or
 * truncated, and lines may be written in pieces. The rest of a rotated file is read before its successor.
 *
 * It polls, because file events are missing on network and overlay file systems, where these logs usually are.
 */
export class LogTail {
  readonly #file: string;
  /** The file as it was when the worker started, before anything that it starts could write to it; undefined: there was none. */
  readonly #first: Stats | undefined;

  constructor(file: string) {
    this.#file = file;
    try {
      this.#first = statSync(file, { throwIfNoEntry: false });
    } catch {
      // Reported when it is read.
    }
  }

  /**
   * The lines of each piece that was read, together. A line that has begun is given after 1 s of silence, and again when it
   * continues or ends.
   *
   * @param onFault is called when the file cannot be read for another reason than that it is missing, with an
   * {@link UnsuitableLogError} when it is of a wrong kind; once until it can be read again.
   */
  async *lines(
    signal: AbortSignal,
    onFault: (error: unknown) => void,
  ): AsyncGenerator<readonly LogLine[], void> {
    const file = this.#file;
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let handle: FileHandle | undefined;
    let faulty = false;
    let text = new LogText();
    let position = 0;
    let known: Buffer = NOTHING;
    /** Bytes of this file that are stale. */
    let staleBytes = 0;
    let silentSince = performance.now();
    const beginAnew = (): void => {
      text = new LogText();
      position = 0;
      known = NOTHING;
      staleBytes = 0;
    };
    const first = this.#first;
    try {
      while (!signal.aborted) {
        try {
          if (handle === undefined) {
            handle = await openIfThere(file);
            const opened = await handle?.stat();
            if (opened !== undefined) refuseUnsuitable(opened);
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
            if (fresh.length > 0) {
              const stale = Math.max(0, staleBytes - position);
              position = from + bytesRead;
              known = Buffer.from(buffer.subarray(Math.max(0, bytesRead - KNOWN_BYTES), bytesRead));
              silentSince = performance.now();
              yield [
                ...text.push(fresh.subarray(0, stale), true),
                ...text.push(fresh.subarray(stale), false),
              ];
              continue;
            }
            if (performance.now() - silentSince >= SILENCE_MS) yield text.unfinished();
            const named = await stat(file).catch(ignoreMissing);
            const here = await handle.stat();
            // Until its successor has begun, the writer may not have closed the old file.
            if (named !== undefined && !isSameFile(named, here) && (named.size > 0 || !named.isFile())) {
              if (here.size > position) continue;
              yield text.unfinished();
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

/** Neither checking the kind nor opening blocks: a FIFO without a writer would hold a thread, and keep the process from ending. */
async function openIfThere(file: string): Promise<FileHandle | undefined> {
  const named = await stat(file).catch(ignoreMissing);
  if (named === undefined) return undefined;
  refuseUnsuitable(named);
  return open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch(ignoreMissing);
}

function refuseUnsuitable(stats: Stats): void {
  try {
    assertRegularFile(stats);
    // It would read what it writes about what it reads, without end.
    if ([1, 2].some((fd) => isOutput(fd, stats))) {
      throw new Error("expected the model's log, got the file that the worker's own output goes to");
    }
  } catch (error) {
    throw new UnsuitableLogError(errorMessage(error));
  }
}

function isOutput(fd: number, stats: Stats): boolean {
  try {
    return isSameFile(fstatSync(fd), stats);
  } catch {
    return false;
  }
}
