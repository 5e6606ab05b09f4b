import { appendFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { logPath, tailed } from "../../support/tailed.js";

describe("the lines of a log", () => {
  test("are read from its start, and as they are written", async () => {
    const file = await logPath();
    writeFileSync(file, "one\ntwo\n");
    const { lines } = tailed(file);
    await eventually(() => expect(lines).toEqual(["one", "two"]));
    appendFileSync(file, "three\n\nfive\n");
    await eventually(() => expect(lines).toEqual(["one", "two", "three", "", "five"]));
  });

  test("are read when the file is created late", async () => {
    const file = await logPath();
    const { lines, faults } = tailed(file);
    // Another tail that began later has looked at its file, so this one has looked for its own.
    const other = await logPath();
    writeFileSync(other, "one\n");
    const later = tailed(other);
    await eventually(() => expect(later.lines).toEqual(["one"]));
    writeFileSync(file, "one\n");
    await eventually(() => expect(lines).toEqual(["one"]));
    expect(faults).toEqual([]);
  });

  // A piece is written together with a line before it: when that line was read, so was the piece.
  test.each([
    ["in the middle", "sec", "ond\n"],
    ["before the line break", "second", "\n"],
  ])("are put together when they are written in pieces: %s", async (_, begin, rest) => {
    const file = await logPath();
    writeFileSync(file, `first\n${begin}`);
    const { lines } = tailed(file);
    await eventually(() => expect(lines).toEqual(["first"]));
    appendFileSync(file, rest);
    await eventually(() => expect(lines).toEqual(["first", "second"]));
  });

  test("are put together when a piece ends inside of a character", async () => {
    const file = await logPath();
    const bytes = Buffer.from("first\nна 😀\n");
    const cut = bytes.indexOf(Buffer.from("😀")) + 2;
    writeFileSync(file, bytes.subarray(0, cut));
    const { lines } = tailed(file);
    await eventually(() => expect(lines).toEqual(["first"]));
    appendFileSync(file, bytes.subarray(cut));
    await eventually(() => expect(lines).toEqual(["first", "на 😀"]));
  });

  test("may end with CR and LF", async () => {
    const file = await logPath();
    writeFileSync(file, "one\r\n\r\ntwo\r\n");
    const { lines } = tailed(file);
    await eventually(() => expect(lines).toEqual(["one", "", "two"]));
  });

  test("may hold bytes that are no UTF-8: those are replaced, the rest stays", async () => {
    const file = await logPath();
    writeFileSync(
      file,
      Buffer.concat([Buffer.from("a"), Buffer.from([0xff, 0xc3]), Buffer.from("b\nnext\n")]),
    );
    const { lines } = tailed(file);
    await eventually(() => expect(lines).toEqual(["a\ufffd\ufffdb", "next"]));
  });

  test("may be many thousands at once: none is lost, repeated or moved", async () => {
    const file = await logPath();
    const many = Array.from({ length: 30_000 }, (_, index) => `${index} ${"é".repeat(index % 50)}`);
    writeFileSync(file, `${many.slice(0, 20_000).join("\n")}\n`);
    const { lines } = tailed(file);
    await eventually(() => expect(lines.length).toBeGreaterThan(0));
    appendFileSync(file, `${many.slice(20_000).join("\n")}\n`);
    await eventually(() => expect(lines).toHaveLength(30_000));
    expect(lines).toEqual(many);
  });

  test("may be endless: such a line is cut, and the next one is whole", async () => {
    const file = await logPath();
    writeFileSync(file, `begin ${"x".repeat(3_000_000)}\nnext\n`);
    const { lines } = tailed(file);
    await eventually(() => expect(lines).toHaveLength(2));
    expect(lines[0]?.startsWith("begin xxx")).toBe(true);
    expect(lines[0]?.length).toBeLessThanOrEqual(128 * 1024);
    expect(lines[1]).toBe("next");
  });
});
