import type { Sink } from "./log-sink.js";

/** Bytes that wait for a reader that is behind. */
const PENDING_LIMIT = 128 * 1024;
/** Milliseconds until the output is tried again; doubled up to the last. */
const FIRST_RETRY_MS = 1;
const LAST_RETRY_MS = 1000;
/** Milliseconds that the end of the process waits for an output that takes none. */
const EXIT_PATIENCE_MS = 500;
const EXIT_RETRY_MS = 10;

/**
 * Lines for an output that may be stuck: a pipe that is not read, a full disk, a stopped terminal. A line is written at
 * once; what a slow reader leaves waits, up to a limit. Beyond it, and while the output fails, lines are dropped and
 * counted. Nothing here blocks or throws.
 *
 * ```
 * written ─▶ waiting ─▶ dropping ─▶ what waited is written: onRecovered(dropped) ─▶ written
 * ```
 *
 * Invariant: lines keep their order, and none is cut. So once one was dropped, all are, until those that wait are written.
 */
export class LogOutput {
  /** Called with the number of lines that were dropped, when the output takes lines again: their place is here. */
  onRecovered: (dropped: number) => void = () => {};
  readonly #sink: Sink;
  readonly #limit: number;
  /** What is being written, or was refused: some lines, or the rest of them. */
  #head: string | Buffer = "";
  #headBytes = 0;
  /** What comes behind it. */
  #lines: string[] = [];
  /** Bytes of both. */
  #bytes = 0;
  #isWriting = false;
  /** The last write failed, and not because a reader is behind: a full disk, a closed pipe. */
  #isFailing = false;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #dropped = 0;
  #totalDropped = 0;

  /** @param limit bytes that may wait. */
  constructor(sink: Sink, limit = PENDING_LIMIT) {
    this.#sink = sink;
    this.#limit = limit;
  }

  /** Lines that were dropped since the start. */
  get dropped(): number {
    return this.#totalDropped;
  }

  /** @param line one line or several, the last one with its line break as a rule. */
  write(line: string): void {
    const size = Buffer.byteLength(line);
    if (this.#dropped > 0 || this.#isFailing || (this.#bytes > 0 && this.#bytes + size > this.#limit)) {
      this.#dropped++;
      this.#totalDropped++;
      return;
    }
    this.#lines.push(line);
    this.#bytes += size;
    if (!this.#isWriting && this.#retry === undefined) this.#write();
  }

  /** Writes what waits before the process ends, as far as the output takes it in half a second. */
  flushAtExit(): void {
    clearTimeout(this.#retry);
    if (this.#isWriting) {
      // Another thread writes the head to a file. It has a moment to come first, and ends before the process does.
      pause(EXIT_RETRY_MS);
      this.#written(this.#headBytes);
    }
    this.#isWriting = true;
    const deadline = performance.now() + EXIT_PATIENCE_MS;
    while (performance.now() < deadline) {
      if (this.#bytes === 0) this.#emptied();
      if (this.#bytes === 0) break;
      this.#takeHead();
      try {
        this.#written(this.#sink.writeSync(this.#head));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") break;
        pause(EXIT_RETRY_MS);
      }
    }
    this.#isWriting = false;
  }

  #write(): void {
    this.#takeHead();
    this.#isWriting = true;
    this.#sink.write(this.#head, (error, written) => {
      this.#isWriting = false;
      this.#isFailing = error !== null && error.code !== "EAGAIN";
      this.#written(written);
      if (error !== null || written === 0) this.#tryLater();
      else if (this.#bytes > 0) {
        this.#retryMs = FIRST_RETRY_MS;
        this.#write();
      } else this.#emptied();
    });
  }

  #takeHead(): void {
    if (this.#head.length > 0) return;
    const [only = ""] = this.#lines;
    this.#head = this.#lines.length === 1 ? only : this.#lines.join("");
    this.#headBytes = this.#bytes;
    this.#lines = [];
  }

  /** So many bytes of the head are written. */
  #written(count: number): void {
    this.#bytes -= count;
    this.#headBytes -= count;
    if (this.#headBytes === 0) this.#head = "";
    else {
      const head = typeof this.#head === "string" ? Buffer.from(this.#head) : this.#head;
      this.#head = head.subarray(head.length - this.#headBytes);
    }
  }

  #tryLater(): void {
    // It does not keep a process alive whose work is done.
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#write();
    }, this.#retryMs).unref();
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  #emptied(): void {
    this.#retryMs = FIRST_RETRY_MS;
    if (this.#dropped === 0) return;
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.onRecovered(dropped);
  }
}

/** Blocks the thread. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
