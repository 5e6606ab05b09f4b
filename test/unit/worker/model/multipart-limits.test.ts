import { describe, expect, test } from "vitest";
import { PayloadError } from "../../../../src/shared/errors.js";
import type { Payload } from "../../../../src/shared/wire.js";
import { multipartBody } from "../../../../src/worker/model/multipart.js";

const CONFIG = {
  files: {
    image: { extensions: ["png"], defaultFilename: "image.png" },
    mask: { extensions: ["png"], defaultFilename: "mask.png" },
  },
  maxFileBytes: 100,
  maxTotalBytes: 250,
  maxFiles: 3,
};

const errorsOf = (payload: Payload): unknown => {
  try {
    multipartBody(payload, CONFIG);
    return undefined;
  } catch (error) {
    if (error instanceof PayloadError) return error.fields;
    throw error;
  }
};

/** The same file in each way in which it may be written. */
const waysToWrite = (size: number): unknown[] => {
  const bytes = Buffer.alloc(size, 1);
  const base64 = bytes.toString("base64");
  return [bytes, base64, base64.replace(/=+$/, ""), `data:image/png;base64,${base64}`];
};

describe("a file", () => {
  test.each([98, 99, 100])("may have %d of 100 bytes", (size) => {
    for (const image of waysToWrite(size)) expect(errorsOf({ image })).toBeUndefined();
  });

  test.each([101, 102, 103, 30_000])("must not have %d of 100 bytes", (size) => {
    for (const image of waysToWrite(size)) {
      const fault = `must be at most 100 bytes, got ${size}`;
      if (size <= 250) expect(errorsOf({ image })).toEqual({ image: fault });
      expect(errorsOf({ image: ["", image] })).toEqual({ image: `[1] ${fault}` });
    }
  });

  test("that is too large is refused for its length, before it is decoded", () => {
    const garbage = "!".repeat(400);
    expect(errorsOf({ image: garbage })).toEqual({ image: "must be at most 100 bytes, got 300" });
  });
});

describe("all files together", () => {
  const file = Buffer.alloc(90);

  test("have a limit of bytes, reported at the field that exceeds it", () => {
    expect(errorsOf({ image: file, mask: file })).toBeUndefined();
    expect(errorsOf({ image: [file, file], mask: Buffer.alloc(70) })).toBeUndefined();
    expect(errorsOf({ image: [file, file], mask: file })).toEqual({
      mask: "must be at most 250 bytes in all files, got 270",
    });
    expect(errorsOf({ image: [file, file, file] })).toEqual({
      image: "must be at most 250 bytes in all files, got 270",
    });
  });

  test("have a limit of their number, reported at the field that exceeds it", () => {
    expect(errorsOf({ image: ["", ""], mask: "" })).toBeUndefined();
    expect(errorsOf({ image: ["", ""], mask: ["", ""] })).toEqual({
      mask: "must be at most 3 files in all, got 4",
    });
    expect(errorsOf({ image: new Array(1_000_000).fill(""), mask: "" })).toEqual({
      image: "must be at most 3 files in all, got 1000001",
    });
  });

  test("are checked at once", () => {
    expect(errorsOf({ image: "!", mask: [Buffer.alloc(101), file] })).toEqual({
      image: "must be base64 text, a base64 data: URL or bytes",
      mask: "[0] must be at most 100 bytes, got 101",
    });
  });
});

describe("other fields", () => {
  test("are at most 1000, list items counted", () => {
    expect(errorsOf({ list: new Array(999).fill(1), model: "m" })).toBeUndefined();
    expect(errorsOf({ list: new Array(1000).fill(1), model: "m" })).toEqual({
      data: "must be at most 1000 fields and list items, got 1001",
    });
    expect(errorsOf({ list: new Array(1_000_000).fill(1) })).toEqual({
      data: "must be at most 1000 fields and list items, got 1000000",
    });
  });

  test("have names of at most 256 bytes as they are written", () => {
    const fault = { data: "field names must be at most 256 bytes" };
    expect(errorsOf({ ["x".repeat(256)]: 1 })).toBeUndefined();
    expect(errorsOf({ ["x".repeat(257)]: 1 })).toEqual(fault);
    expect(errorsOf({ ["x".repeat(255)]: [1] })).toEqual(fault);
    expect(errorsOf({ ["ü".repeat(129)]: 1 })).toEqual(fault);
    expect(errorsOf({ ['"'.repeat(100)]: 1 })).toEqual(fault);
    expect(errorsOf({ ["x".repeat(1_000_000)]: new Array(1000).fill(1) })).toEqual(fault);
  });
});
