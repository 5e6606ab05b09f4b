import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LogOutput } from "../../../src/shared/log-output.js";
import type { Sink } from "../../../src/shared/log-sink.js";

/** An output that takes as many bytes as it has room for, or fails. */
class FakeSink implements Sink {
  text = "";
  room = Number.POSITIVE_INFINITY;
  failure: string | undefined;
  /** How often it was tried. */
  writes = 0;

  write(chunk: string | Buffer, done: Parameters<Sink["write"]>[1]): void {
    let written: number;
    try {
      written = this.writeSync(chunk);
    } catch (error) {
      done(error as NodeJS.ErrnoException, 0);
      return;
    }
    done(null, written);
  }

  writeSync(chunk: string | Buffer): number {
    this.writes++;
    const code = this.failure ?? (this.room === 0 ? "EAGAIN" : undefined);
    if (code !== undefined) throw Object.assign(new Error(code), { code });
    const taken = Buffer.from(chunk as string).subarray(0, this.room);
    this.text += taken.toString("latin1");
    this.room -= taken.length;
    return taken.length;
  }
}

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}\n`).join("");

/** Writes lines of these numbers. */
function writeAll(output: LogOutput, from: number, to: number): void {
  for (const line of lines(from, to).match(/.*\n/g) ?? []) output.write(line);
}

/** More than the longest pause between two tries. */
const LATER_MS = 3000;

let sink: FakeSink;
let output: LogOutput;

beforeEach(() => {
  vi.useFakeTimers();
  sink = new FakeSink();
  output = new LogOutput(sink, 100);
  output.onRecovered = (dropped) => output.write(`lost ${dropped}\n`);
});

afterEach(() => {
  vi.useRealTimers();
});

describe("an output that takes lines", () => {
  test("has each at once", () => {
    output.write("a\n");
    expect(sink.text).toBe("a\n");
    output.write("b\n");
    expect(sink).toMatchObject({ text: "a\nb\n", writes: 2 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("takes one that is longer than all that may wait", () => {
    const line = `${"x".repeat(1000)}\n`;
    sink.room = 7;
    output.write(line);
    sink.room = 2000;
    vi.advanceTimersByTime(LATER_MS);
    expect(sink.text).toBe(line);
    expect(output.dropped).toBe(0);
  });
});

describe("a reader that is behind", () => {
  test("gets what waited, whole and in order, in the middle of a line and of a character", () => {
    sink.room = 4;
    output.write("häää 1\n");
    output.write("häää 2\n");
    expect(sink.text).toHaveLength(4);
    sink.room = 1000;
    vi.advanceTimersByTime(LATER_MS);
    output.write("end\n");
    expect(Buffer.from(sink.text, "latin1").toString()).toBe("häää 1\nhäää 2\nend\n");
    expect(output.dropped).toBe(0);
  });

  test("misses what exceeds the limit, and reads how many lines, in their place", () => {
    sink.room = 0;
    // 13 of them are 100 bytes at most.
    writeAll(output, 1, 50);
    const waiting = lines(1, 13);
    expect(output.dropped).toBe(50 - 13);
    sink.room = 1000;
    vi.advanceTimersByTime(LATER_MS);
    writeAll(output, 51, 52);
    expect(sink.text).toBe(`${waiting}lost 37\n${lines(51, 52)}`);
  });

  test("misses short lines, too, while those before them wait", () => {
    sink.room = 0;
    writeAll(output, 1, 50);
    sink.room = 20;
    vi.advanceTimersByTime(LATER_MS);
    output.write("x\n");
    sink.room = 1000;
    vi.advanceTimersByTime(LATER_MS);
    expect(sink.text).toBe(`${lines(1, 13)}lost 38\n`);
    expect(output.dropped).toBe(38);
  });

  test("is counted anew each time", () => {
    for (const round of [1, 2]) {
      sink.room = 0;
      writeAll(output, 1, 15);
      sink.room = 1000;
      vi.advanceTimersByTime(LATER_MS);
      expect(output.dropped).toBe(2 * round);
    }
    expect(sink.text).toBe(`${lines(1, 13)}lost 2\n`.repeat(2));
  });

  test("is tried seldom when it stays away", () => {
    sink.room = 0;
    output.write("a\n");
    vi.advanceTimersByTime(60_000);
    expect(sink.writes).toBeGreaterThan(60);
    expect(sink.writes).toBeLessThan(75);
  });
});

describe("an output that fails", () => {
  test.each(["ENOSPC", "EPIPE", "EIO", "EBADF"])("with %s loses lines from then on, counted", (failure) => {
    sink.failure = failure;
    writeAll(output, 1, 5);
    expect(output.dropped).toBe(4);
    sink.failure = undefined;
    vi.advanceTimersByTime(LATER_MS);
    writeAll(output, 6, 6);
    expect(sink.text).toBe(`${lines(1, 1)}lost 4\n${lines(6, 6)}`);
  });

  test("in the middle of a line gets its rest when it takes lines again", () => {
    sink.room = 3;
    output.write("line 1\n");
    sink.failure = "ENOSPC";
    vi.advanceTimersByTime(LATER_MS);
    output.write("line 2\n");
    sink.failure = undefined;
    sink.room = 1000;
    vi.advanceTimersByTime(LATER_MS);
    expect(sink.text).toBe("line 1\nlost 1\n");
  });
});

describe("at the end of the process", () => {
  beforeEach(() => {
    vi.useRealTimers();
  });

  test("what waits is written, with the number of lines that were lost", () => {
    sink.room = 0;
    writeAll(output, 1, 15);
    sink.room = 1000;
    output.flushAtExit();
    expect(sink.text).toBe(`${lines(1, 13)}lost 2\n`);
  });

  test("a stuck output is waited for half a second", () => {
    sink.room = 0;
    writeAll(output, 1, 15);
    const begun = performance.now();
    output.flushAtExit();
    const took = performance.now() - begun;
    expect(took).toBeGreaterThan(450);
    expect(took).toBeLessThan(5000);
    expect(sink.text).toBe("");
  });

  test("one that fails is not waited for", () => {
    sink.failure = "ENOSPC";
    writeAll(output, 1, 15);
    const { writes } = sink;
    output.flushAtExit();
    expect(sink.writes).toBe(writes + 1);
  });

  test("what another thread is writing is not written twice, and what follows is", () => {
    sink.write = (chunk) => {
      sink.text += chunk;
    };
    writeAll(output, 1, 3);
    output.flushAtExit();
    expect(sink.text).toBe(lines(1, 3));
  });
});
