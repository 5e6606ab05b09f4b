import { pack } from "msgpackr";
import { describe, expect, test } from "vitest";
import {
  closeReason,
  FrameError,
  readFrame,
  socketAddress,
} from "../../../../src/inspector/page/connection.js";
import { hello, tick } from "../../support/frames.js";

test("a frame is read as it was packed", () => {
  expect(readFrame(pack(hello()))).toEqual(hello());
  expect(readFrame(pack(tick()))).toEqual(tick());
});

test("a frame of another format is refused, with both formats", () => {
  expect(() => readFrame(pack({ ...hello(), format: 7 }))).toThrow(/format 7, this page format 1/);
});

test.each([[[]], [null], ["text"], [{ type: "other" }]])("%j is no frame", (value) => {
  expect(() => readFrame(pack(value))).toThrow(FrameError);
});

test("bytes that are not even packed are no frame", () => {
  expect(() => readFrame(Uint8Array.of())).toThrow(FrameError);
  expect(() => readFrame(Uint8Array.of(0xc1, 0xff, 0xdf))).toThrow(FrameError);
});

describe("the feed lies beneath the page", () => {
  test("whatever path that is served at, and with TLS where the page has it", () => {
    expect(socketAddress("http://127.0.0.1:3001/inspect", undefined)).toBe(
      "ws://127.0.0.1:3001/inspect/socket",
    );
    expect(socketAddress("https://host/a/inspect/#x", undefined)).toBe("wss://host/a/inspect/socket");
  });

  test("and is given the token", () => {
    expect(socketAddress("http://h/inspect?x=1", "a b&c")).toBe("ws://h/inspect/socket?token=a%20b%26c");
  });
});

describe("why a connection ended", () => {
  test("is the worker's reason, and one that is not wanted does not come back by itself", () => {
    expect(closeReason(4403, "expected a page of this worker's own")).toEqual({
      text: "refused: expected a page of this worker's own",
      retries: false,
    });
    expect(closeReason(4401, "")).toMatchObject({ text: expect.stringContaining("?token="), retries: false });
    expect(closeReason(4429, "expected at most 32 pages at once")).toMatchObject({ retries: true });
  });

  test("is that it was lost, where no reason was sent", () => {
    expect(closeReason(1006, "")).toEqual({ text: "connection lost", retries: true });
    expect(closeReason(1001, "the worker ends")).toEqual({ text: "connection lost", retries: true });
  });
});
