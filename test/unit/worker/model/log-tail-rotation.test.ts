import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { logPath, openHandles, tailed } from "../../support/tailed.js";

/** A log of which one line was read. */
async function readLog() {
  const file = await logPath();
  writeFileSync(file, "old\n");
  const { lines, faults } = tailed(file);
  await eventually(() => expect(lines).toEqual(["old"]));
  return { file, lines, faults };
}

// What happens between two awaits happens between two reads of the file.
describe("a log that is rotated", () => {
  test.each([
    ["renamed", (file: string) => renameSync(file, `${file}.1`)],
    ["removed", (file: string) => rmSync(file)],
  ])("is read on in the new file when the old one was %s", async (_, rotate) => {
    const { file, lines, faults } = await readLog();
    rotate(file);
    writeFileSync(file, "new\n");
    await eventually(() => expect(lines).toEqual(["old", "new"]));
    appendFileSync(file, "newer\n");
    await eventually(() => expect(lines).toEqual(["old", "new", "newer"]));
    expect(faults).toEqual([]);
  });

  test.each([
    ["renamed", (file: string) => renameSync(file, `${file}.1`)],
    ["removed", (file: string) => rmSync(file)],
  ])("is read to its end before the new file, when it was %s after much was written", async (_, rotate) => {
    const { file, lines } = await readLog();
    const rest = Array.from({ length: 20_000 }, (_line, index) => `rest ${index}`);
    appendFileSync(file, `${rest.join("\n")}\n`);
    rotate(file);
    writeFileSync(file, "new\n");
    await eventually(() => expect(lines.at(-1)).toBe("new"));
    expect(lines).toEqual(["old", ...rest, "new"]);
  });

  test("yields the old file's last line even when it has no line break, and does not glue it to the new file", async () => {
    const { file, lines } = await readLog();
    appendFileSync(file, "unfinished");
    renameSync(file, `${file}.1`);
    writeFileSync(file, "new\n");
    await eventually(() => expect(lines).toEqual(["old", "unfinished", "new"]));
  });

  test("is read on in the old file as long as there is no new one", async () => {
    const { file, lines } = await readLog();
    renameSync(file, `${file}.1`);
    appendFileSync(`${file}.1`, "late\n");
    await eventually(() => expect(lines).toEqual(["old", "late"]));
    appendFileSync(`${file}.1`, "later\n");
    await eventually(() => expect(lines).toEqual(["old", "late", "later"]));
    writeFileSync(file, "new\n");
    await eventually(() => expect(lines).toEqual(["old", "late", "later", "new"]));
  });

  test("is read on in the old file as long as the new one is empty", async () => {
    const { file, lines } = await readLog();
    renameSync(file, `${file}.1`);
    writeFileSync(file, "");
    appendFileSync(`${file}.1`, "late\n");
    await eventually(() => expect(lines).toEqual(["old", "late"]));
    appendFileSync(`${file}.1`, "later\n");
    await eventually(() => expect(lines).toEqual(["old", "late", "later"]));
    appendFileSync(file, "new\n");
    await eventually(() => expect(lines).toEqual(["old", "late", "later", "new"]));
  });

  test("can be rotated again and again, and old files are closed", async () => {
    const { file, lines } = await readLog();
    for (let round = 0; round < 5; round++) {
      renameSync(file, `${file}.${round}`);
      writeFileSync(file, `round ${round}\n`);
      await eventually(() => expect(lines.at(-1)).toBe(`round ${round}`));
    }
    expect(lines).toHaveLength(6);
    await eventually(async () => expect(await openHandles(file)).toBe(1));
  });
});

describe("a log that is truncated", () => {
  test("is read from its start again", async () => {
    const { file, lines } = await readLog();
    appendFileSync(file, "something long enough\n");
    await eventually(() => expect(lines).toHaveLength(2));
    truncateSync(file);
    appendFileSync(file, "new\n");
    await eventually(() => expect(lines).toEqual(["old", "something long enough", "new"]));
  });

  test("is read from its start again, even when it has grown beyond its old length meanwhile", async () => {
    const { file, lines } = await readLog();
    truncateSync(file);
    appendFileSync(file, "new\nand longer than it was\n");
    await eventually(() => expect(lines).toEqual(["old", "new", "and longer than it was"]));
  });

  test("loses the line that was begun, instead of gluing it to the next", async () => {
    const { file, lines } = await readLog();
    appendFileSync(file, "another\nbegun and never ended");
    await eventually(() => expect(lines).toHaveLength(2));
    truncateSync(file);
    appendFileSync(file, "new\n");
    await eventually(() => expect(lines).toEqual(["old", "another", "new"]));
  });
});
