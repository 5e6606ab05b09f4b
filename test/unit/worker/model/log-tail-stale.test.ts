import { appendFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { LogTail } from "../../../../src/worker/model/log-tail.js";
import { eventually } from "../../../support/eventually.js";
import { logPath, tailed } from "../../support/tailed.js";

const text = (line: string, stale: boolean) => expect.objectContaining({ text: line, stale });

describe("a line is stale", () => {
  test("where it was in the file when that was first looked at, and no longer from then on", async () => {
    const file = await logPath();
    writeFileSync(file, "one\ntwo\n");
    const { read } = tailed(file);
    await eventually(() => expect(read).toHaveLength(2));
    appendFileSync(file, "three\n");
    await eventually(() =>
      expect(read).toEqual([text("one", true), text("two", true), text("three", false)]),
    );
  });

  test.each([
    ["when only its line break was missing", "two", "\n", true],
    ["not when it went on", "tw", "o\n", false],
  ])("%s", async (_, begin, rest, stale) => {
    const file = await logPath();
    writeFileSync(file, `one\n${begin}`);
    const { read } = tailed(file);
    await eventually(() => expect(read).toHaveLength(1));
    appendFileSync(file, rest);
    await eventually(() => expect(read).toEqual([text("one", true), text("two", stale)]));
  });

  test("not in a file that is created later", async () => {
    const file = await logPath();
    const { read } = tailed(file);
    const other = await logPath();
    writeFileSync(other, "one\n");
    const later = tailed(other);
    await eventually(() => expect(later.read).toEqual([text("one", true)]));
    writeFileSync(file, "one\n");
    await eventually(() => expect(read).toEqual([text("one", false)]));
  });

  test.each([
    [
      "rotated",
      (file: string) => {
        renameSync(file, `${file}.1`);
        writeFileSync(file, "new\n");
      },
    ],
    [
      "truncated",
      (file: string) => {
        truncateSync(file);
        appendFileSync(file, "new\n");
      },
    ],
  ])("not when the file was %s after that", async (_, change) => {
    const file = await logPath();
    writeFileSync(file, "old and long\n");
    const { read } = tailed(file);
    await eventually(() => expect(read).toHaveLength(1));
    change(file);
    await eventually(() => expect(read).toEqual([text("old and long", true), text("new", false)]));
  });

  test("to every reader of the same log alike, also to one that begins later", async () => {
    const file = await logPath();
    writeFileSync(file, "old\n");
    const tail = new LogTail(file);
    const staleOf = async (count: number): Promise<boolean[]> => {
      const seen: boolean[] = [];
      for await (const lines of tail.lines(new AbortController().signal, () => {})) {
        seen.push(...lines.map(({ stale }) => stale));
        if (seen.length === count) break;
      }
      return seen;
    };
    expect(await staleOf(1)).toEqual([true]);
    appendFileSync(file, "new\n");
    expect(await staleOf(2)).toEqual([true, false]);
  });
});
