import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { WriterSink } from "../../../../../src/worker/server/http-server.js";
import { UwsBodyWriter } from "../../../../../src/worker/server/uws/body-writer.js";
import { STALL_TICK_MS, StallWatch } from "../../../../../src/worker/server/uws/stall-watch.js";
import { FullSocket } from "../support/full-socket.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The body of what a client read of a chunked answer. */
function bodyOf(read: readonly Buffer[]): Buffer {
  const wire = Buffer.concat(read);
  const chunks: Buffer[] = [];
  for (let at = 2; ; ) {
    const line = wire.indexOf("\r\n", at);
    const text = wire.toString("latin1", at, line);
    if (line < 0 || !/^[0-9a-f]+$/.test(text)) throw new Error(`expected a length at ${at}, got ${text}`);
    const length = Number.parseInt(text, 16);
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(wire.subarray(line + 2, line + 2 + length));
    at = line + 2 + length + 2;
  }
}

/** A sequence that is the same at each run. */
const numbers = (seed: number) => () => {
  seed = (seed * 1103515245 + 12345) % 2 ** 31;
  return seed / 2 ** 31;
};

const LENGTH = 3_000_000;
const BODY = Buffer.from(Array.from({ length: LENGTH }, (_, n) => (n * 2654435761) >>> 24));

/** Pours out the body in pieces of any length up to one, as fast as the writer takes them. */
class Pour implements WriterSink {
  readonly writer: UwsBodyWriter;
  readonly #next: () => number;
  readonly #maxPiece: number;
  #at = 0;
  finished = 0;

  constructor(socket: FullSocket, next: () => number, maxPiece: number) {
    this.#next = next;
    this.#maxPiece = maxPiece;
    this.writer = new UwsBodyWriter(
      socket.response,
      { length: undefined, closes: false, watch: new StallWatch() },
      this,
    );
  }

  onDrain(): void {
    while (this.#at < LENGTH) {
      const piece = BODY.subarray(this.#at, this.#at + 1 + Math.floor(this.#next() * this.#maxPiece));
      this.#at += piece.length;
      // What is kept is copied: the producer uses its memory again.
      const lent = Buffer.from(piece);
      const goesOn = this.writer.write(lent);
      lent.fill(0);
      if (!goesOn) return;
    }
    this.writer.end();
  }

  onFinish(): void {
    this.finished++;
  }
}

describe.each([1000, 20_000, 65_536, 300_000])("a chunked body in pieces of up to %i bytes", (maxPiece) => {
  test.each([1, 2, 3, 4, 5])(
    "comes whole to a reader that now and then takes nothing, a few bytes, or much (%i)",
    (seed) => {
      const next = numbers(seed);
      const socket = new FullSocket();
      const pour = new Pour(socket, next, maxPiece);
      pour.onDrain();
      while (!socket.isEmpty || pour.finished === 0) {
        const mood = next();
        if (mood < 0.1) vi.advanceTimersByTime(STALL_TICK_MS);
        else socket.take(Math.floor(next() * (mood < 0.6 ? 500 : 60_000)));
      }
      expect(bodyOf(socket.read).equals(BODY)).toBe(true);
      expect(pour.finished).toBe(1);
    },
  );
});

test("what the socket did not take of a last piece follows as soon as there is room, though nothing more is written", () => {
  const socket = new FullSocket();
  const sink = { onDrain: () => {}, onFinish: () => {} };
  const writer = new UwsBodyWriter(
    socket.response,
    { length: undefined, closes: false, watch: new StallWatch() },
    sink,
  );
  // One short piece after the other does not report a full socket before the next one.
  let written = 0;
  while (written < 102_000) {
    writer.write(BODY.subarray(written, written + 3000));
    written += 3000;
  }
  for (let n = 0; n < 10; n++) socket.take(60_000);
  expect(Buffer.concat(socket.read).length).toBeGreaterThanOrEqual(written);
  expect(socket.isEmpty).toBe(true);
  writer.end();
  socket.take(60_000);
  expect(bodyOf(socket.read).equals(BODY.subarray(0, written))).toBe(true);
});
