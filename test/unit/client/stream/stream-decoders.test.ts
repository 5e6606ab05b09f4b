import { describe, expect, test } from "vitest";
import { sseData, streamLines } from "../../../../src/client/stream/stream-decoders.js";

/** A body that arrives in these chunks. */
function bodyOf(...pieces: readonly (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces)
        controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
      controller.close();
    },
  });
}

async function dataOf(body: ReadableStream<Uint8Array>): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const data of sseData(body)) all.push(data);
  return all;
}

const STREAM =
  'event: token\ndata: {"a":1}\n\n: a comment\n\ndata: zwei\ndata: Zeilen 🙂\nid: 7\n\ndata: [DONE]\n\n';
const DATA = ['{"a":1}', "zwei\nZeilen 🙂", "[DONE]"];

describe("the data of a stream of events", () => {
  test("is that of each event, without comments and other fields", async () => {
    expect(await dataOf(bodyOf(STREAM))).toEqual(DATA);
  });

  test("does not depend on chunk boundaries, even inside of a character", async () => {
    const bytes = new TextEncoder().encode(STREAM);
    for (let at = 1; at < bytes.length; at += 1) {
      expect(await dataOf(bodyOf(bytes.slice(0, at), bytes.slice(at)))).toEqual(DATA);
    }
    expect(await dataOf(bodyOf(...Array.from(bytes, (byte) => Uint8Array.of(byte))))).toEqual(DATA);
  });

  test.each([
    ["CRLF", "\r\n"],
    ["CR", "\r"],
  ])("may have lines that end in %s, cut anywhere", async (_, end) => {
    const bytes = new TextEncoder().encode(STREAM.replaceAll("\n", end));
    expect(await dataOf(bodyOf(bytes))).toEqual(DATA);
    expect(await dataOf(bodyOf(...Array.from(bytes, (byte) => Uint8Array.of(byte))))).toEqual(DATA);
  });

  test("keeps all but one of the spaces after the colon, and empty lines of data", async () => {
    expect(await dataOf(bodyOf("data:  x\ndata:\ndata:y\n\n"))).toEqual([" x\n\ny"]);
  });

  test("leaves out an event that the stream ends in the middle of", async () => {
    expect(await dataOf(bodyOf("data: whole\n\ndata: half"))).toEqual(["whole"]);
  });

  test("is empty for an empty body", async () => {
    expect(await dataOf(bodyOf())).toEqual([]);
  });
});

test("an event is there before the next piece comes", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const data = sseData(readable);
  void writer.write(new TextEncoder().encode("data: first\n\ndata: sec"));
  expect(await data.next()).toEqual({ value: "first", done: false });
  void writer.write(new TextEncoder().encode("ond\n\n"));
  expect(await data.next()).toEqual({ value: "second", done: false });
  void writer.close();
  expect(await data.next()).toEqual({ value: undefined, done: true });
});

test("a stream that breaks off gives what was complete, and then its error", async () => {
  let fail: (error: Error) => void = () => {};
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("data: first\n\ndata: sec"));
      fail = (error) => controller.error(error);
    },
  });
  const data = sseData(body);
  expect(await data.next()).toEqual({ value: "first", done: false });
  fail(new Error("broken off"));
  await expect(data.next()).rejects.toThrow("broken off");
});

test("leaving the loop cancels the body", async () => {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode("data: more\n\n")),
    cancel: () => {
      isCancelled = true;
    },
  });
  for await (const data of sseData(body)) {
    expect(data).toBe("more");
    break;
  }
  expect(isCancelled).toBe(true);
});

async function linesOf(...pieces: readonly Uint8Array[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of streamLines(bodyOf(...pieces))) lines.push(line);
  return lines;
}

const LINES_BYTES = new TextEncoder().encode('{"a":1}\n\n{"b":"🙂"}\r\n{"c":3}');
const LINES = ['{"a":1}', '{"b":"🙂"}\r', '{"c":3}'];

test("lines do not depend on chunk boundaries, even inside of a character", async () => {
  expect(await linesOf(LINES_BYTES)).toEqual(LINES);
  for (let at = 1; at < LINES_BYTES.length; at += 1) {
    expect(await linesOf(LINES_BYTES.slice(0, at), LINES_BYTES.slice(at))).toEqual(LINES);
  }
  expect(await linesOf(...Array.from(LINES_BYTES, (byte) => Uint8Array.of(byte)))).toEqual(LINES);
});

test("an empty body has no lines", async () => {
  expect(await linesOf()).toEqual([]);
});
