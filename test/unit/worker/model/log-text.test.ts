import { describe, expect, test } from "vitest";
import { LogText } from "../../../../src/worker/model/log-text.js";

/** The texts of the lines that come out of some pieces of a file, and of what had not ended with the last of them. */
function linesOf(...pieces: readonly (Buffer | string)[]): string[] {
  const text = new LogText();
  const lines = pieces.flatMap((piece) => text.push(Buffer.from(piece), false));
  return [...lines, ...text.unfinished()].map((line) => line.text);
}

const bytewise = (bytes: Buffer): Buffer[] => [...bytes].map((byte) => Buffer.of(byte));
const be = (text: string): Buffer => Buffer.from(text, "utf16le").swap16();

describe("a line ends", () => {
  test.each([
    ["LF", "one\ntwo\n"],
    ["CRLF", "one\r\ntwo\r\n"],
    ["CR", "one\rtwo\r"],
  ])("with %s", (_, text) => {
    expect(linesOf(text)).toEqual(["one", "two"]);
    expect(linesOf(...bytewise(Buffer.from(text)))).toEqual(["one", "two"]);
  });

  test("once with a CRLF that is cut in the middle", () => {
    expect(linesOf("one\r", "\ntwo")).toEqual(["one", "two"]);
    expect(linesOf("one\r", "\r\ntwo")).toEqual(["one", "", "two"]);
  });

  test("with every step of a progress bar, which is no part of the line after it", () => {
    expect(linesOf("\r 10%|#  |", "\r 90%|## |\r", "loaded\n")).toEqual([
      "",
      " 10%|#  |",
      " 90%|## |",
      "loaded",
    ]);
  });
});

describe("escape sequences are left out", () => {
  test.each([
    ["colours inside of a phrase", "Application \x1b[1;31mstartup\x1b[0m complete"],
    ["256 colours and true colours", "\x1b[38;5;9mApplication\x1b[38:2::1:2:3m startup complete\x1b[m"],
    ["cursor and erasing", "\x1b[2K\x1b[1GApplication startup\x1b[?25h complete"],
    ["a window's title, with BEL", "\x1b]0;a title of blanks\x07Application startup complete"],
    ["a link, with ST", "Application \x1b]8;;http://x/\x1b\\startup\x1b]8;;\x1b\\ complete"],
    ["character sets and short ones", "\x1b(B\x1b7Application startup\x1b= complete"],
    ["the 8-bit form", "Application \x9b1mstartup complete"],
  ])("%s", (_, line) => {
    expect(linesOf(`${line}\n`)).toEqual(["Application startup complete"]);
    expect(linesOf(...bytewise(Buffer.from(`${line}\n`)))).toEqual(["Application startup complete"]);
  });

  test("and one that does not end takes no more than itself away", () => {
    expect(linesOf("\x1b]0;loaded\nnext\x1b[\n")).toEqual(["0;loaded", "next"]);
  });
});

describe("the encoding is detected from the bytes:", () => {
  const text = "é loaded\r\n世界 ready\r\n";
  const lines = ["é loaded", "世界 ready"];
  test.each([
    ["UTF-8", Buffer.from(text), lines],
    ["UTF-8 with a mark", Buffer.from(`\ufeff${text}`), lines],
    ["UTF-16 LE with a mark", Buffer.from(`\ufeff${text}`, "utf16le"), lines],
    ["UTF-16 BE with a mark", be(`\ufeff${text}`), lines],
    ["UTF-16 LE without", Buffer.from(text, "utf16le"), lines],
    ["UTF-16 BE without", be(text), lines],
    [
      "UTF-16 LE with a mark, in Chinese",
      Buffer.from("\ufeff世界世界世界世界 ready\n", "utf16le"),
      ["世界世界世界世界 ready"],
    ],
    ["UTF-16 BE with a mark, in Chinese", be("\ufeff世界世界世界世界 ready\n"), ["世界世界世界世界 ready"]],
  ])("%s", (_, bytes, expected) => {
    expect(linesOf(bytes)).toEqual(expected);
    expect(linesOf(...bytewise(bytes))).toEqual(expected);
  });

  test("bytes that look like a mark, before a text of single bytes, are invalid UTF-8", () => {
    expect(linesOf(Buffer.of(0xff, 0xfe, 0x80, 10), "loaded\n")).toEqual(["\ufffd\ufffd\ufffd", "loaded"]);
  });

  test("a file that was truncated under its writer begins with NULs", () => {
    for (const nuls of [1, 2, 3, 200_000, 200_001]) {
      expect(linesOf(Buffer.alloc(nuls), "loaded\nready\n")).toEqual(["loaded", "ready"]);
    }
    expect(linesOf(Buffer.alloc(200_000), Buffer.from("loaded\n", "utf16le"))).toEqual(["loaded"]);
    expect(linesOf(Buffer.alloc(200_000), be("loaded\n"))).toEqual(["loaded"]);
  });

  test.each([["a"], ["é"], [""]])("a file with %j and no more is UTF-8", (text) => {
    expect(linesOf(text)).toEqual(text === "" ? [] : [text]);
  });
});

describe("a line that has not ended", () => {
  const shown = (lines: ReturnType<LogText["unfinished"]>) => lines.map(({ text, again }) => [text, again]);

  test("is given once, and again when it ends", () => {
    const text = new LogText();
    expect(shown(text.push(Buffer.from("one\nloa"), false))).toEqual([["one", false]]);
    expect(shown(text.unfinished())).toEqual([["loa", false]]);
    expect(shown(text.unfinished())).toEqual([]);
    expect(shown(text.push(Buffer.from("ded"), false))).toEqual([]);
    expect(shown(text.unfinished())).toEqual([["loaded", true]]);
    expect(shown(text.push(Buffer.from("\nnext\n"), false))).toEqual([
      ["loaded", true],
      ["next", false],
    ]);
  });

  test("is new where the one before has ended", () => {
    const text = new LogText();
    text.push(Buffer.from("one"), false);
    expect(shown(text.unfinished())).toEqual([["one", false]]);
    expect(shown(text.push(Buffer.from("\ntwo"), false))).toEqual([["one", true]]);
    expect(shown(text.unfinished())).toEqual([["two", false]]);
  });
});
