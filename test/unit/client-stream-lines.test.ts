import { expect, test } from "vitest";
import { streamLines } from "../../src/client/stream/stream-lines.js";

async function linesOf(pieces: readonly Uint8Array[]): Promise<readonly string[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const lines: string[] = [];
  for await (const line of streamLines(body)) lines.push(line);
  return lines;
}

const bytes = new TextEncoder().encode('{"a":1}\n\n{"b":"🙂"}\r\n{"c":3}');
const expected = ['{"a":1}', '{"b":"🙂"}\r', '{"c":3}'];

test("lines are the same wherever the pieces are cut, be it inside a character", async () => {
  expect(await linesOf([bytes])).toEqual(expected);
  for (let at = 1; at < bytes.length; at += 1) {
    expect(await linesOf([bytes.slice(0, at), bytes.slice(at)])).toEqual(expected);
  }
  expect(await linesOf(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(expected);
});

test("an empty body has no lines", async () => {
  expect(await linesOf([])).toEqual([]);
});
