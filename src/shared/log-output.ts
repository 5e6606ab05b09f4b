import type { Sink } from "./log-sink.js";

/** Bytes that are buffered for a slow reader. */
const PENDING_LIMIT = 128 * 1024;
/** Milliseconds until a write is retried; doubled up to the last. */
const FIRST_RETRY_MS = 1;
const LAST_RETRY_MS = 1000;
/** Milliseconds that the process waits at its end for a blocked output. */
const EXIT_TIMEOUT_MS = 500;
const EXIT_RETRY_MS = 10;

/**
 * Lines for an output that may block: a pipe that is not read, a full disk, a stopped terminal. A line is written
 * immediately; while the reader is slow lines are buffered, up to a limit. Beyond it, and while the output fails, lines
 * are dropped and counted. No call blocks or throws.
 *
 * ```
 * writing ─▶ buffering ─▶ dropping ─▶ the buffer is written: onRecovered(dropped) ─▶ writing
 * ```
 *
 * Invariant: lines keep their order, and none is cut. So once one was dropped, all are until the buffer is written.
 */
export class LogOutput {
  /** Called when the output has recovered, with the number of lines that were dropped at this place. */
  onRecovered: (dropped: number) => void = () => {};
  readonly #sink: Sink;
  readonly #limit: number;
  /** Lines, or the rest of them, that are being written or will be retried. */
  #head: string | Buffer = "";
  #headBytes = 0;
  /** Lines behind the head. */
  #lines: string[] = [];
  /** Bytes of the head and the lines. */
  #bytes = 0;
  #isWriting = false;
  /** The last write failed by another error than `EAGAIN`: a full disk, a closed pipe. */
  #isFailing = false;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = FIRST_RETRY_MS;
  #dropped = 0;
  #totalDropped = 0;

  /** @param limit bytes of the buffer. */
  constructor(sink: Sink, limit = PENDING_LIMIT) {
    this.#sink = sink;
    this.#limit = limit;
  }

  /** Lines dropped since the start. */
  get dropped(): number {
    return this.#totalDropped;
  }

  /** @param line one line or several, usually with a line break at the end. */
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

  /** Writes the buffer before the process ends, for at most half a second. */
  flushAtExit(): void {
    clearTimeout(this.#retry);
    if (this.#isWriting) {
      // Another thread is writing the head to a file: wait for it, so that lines keep their order.
      pause(EXIT_RETRY_MS);
      this.#written(this.#headBytes);
    }
    this.#isWriting = true;
    const deadline = performance.now() + EXIT_TIMEOUT_MS;
    while (performance.now() < deadline) {
      if (this.#bytes === 0) this.#drained();
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
      if (error !== null || written === 0) this.#scheduleRetry();
      else if (this.#bytes > 0) {
        this.#retryMs = FIRST_RETRY_MS;
        this.#write();
      } else this.#drained();
    });
  }

  #takeHead(): void {
    if (this.#head.length > 0) return;
    const [only = ""] = this.#lines;
    this.#head = this.#lines.length === 1 ? only : this.#lines.join("");
    this.#headBytes = this.#bytes;
    this.#lines = [];
  }

  /** Removes written bytes from the head. */
  #written(count: number): void {
    this.#bytes -= count;
    this.#headBytes -= count;
    if (this.#headBytes === 0) this.#head = "";
    else {
      const head = typeof this.#head === "string" ? Buffer.from(this.#head) : this.#head;
      this.#head = head.subarray(head.length - this.#headBytes);
    }
  }

  #scheduleRetry(): void {
    // The timer does not keep the process alive.
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#write();
    }, this.#retryMs).unref();
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  #drained(): void {
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
