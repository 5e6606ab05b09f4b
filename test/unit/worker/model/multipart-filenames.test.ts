import { describe, expect, test } from "vitest";
import { PayloadError } from "../../../../src/shared/errors.js";
import type { Payload } from "../../../../src/shared/wire.js";
import { multipartBody } from "../../../../src/worker/model/multipart.js";
import { formOf, valuesOf } from "../../support/form-of.js";

const CONFIG = {
  files: {
    file: { extensions: ["wav", "mp3", "xyz"], defaultFilename: "audio.wav", filenameField: "filename" },
    mask: { extensions: ["png"], defaultFilename: "mask.png" },
  },
  maxFileBytes: 100,
  maxTotalBytes: 100,
  maxFiles: 10,
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

const formFor = (payload: Payload): Promise<FormData> => formOf(multipartBody(payload, CONFIG));

describe("a file's name", () => {
  test.each([
    ["hello.wav", "audio/wav"],
    ["Hello World (1).MP3", "audio/mpeg"],
    ["über.wav", "audio/wav"],
    ["a.tar.wav", "audio/wav"],
    ["a..wav", "audio/wav"],
    ["100%.wav", "audio/wav"],
    ["a.xyz", "application/octet-stream"],
  ])("is the one that the payload gives, and determines its type: %s", async (filename, type) => {
    const form = await formFor({ filename, file: "aGk=" });
    expect(await valuesOf(form, "file")).toEqual([[filename, type, "hi"]]);
    expect(form.has("filename")).toBe(false);
  });

  test.each([[{}], [{ filename: null }]])("is the default one beside %j", async (more) => {
    const form = await formFor({ file: "aGk=", ...more });
    expect(await valuesOf(form, "file")).toEqual([["audio.wav", "audio/wav", "hi"]]);
    expect(form.has("filename")).toBe(false);
  });

  test("is the default one where the payload cannot give any", async () => {
    const form = await formFor({ mask: "aGk=", filename: "other.wav" });
    expect(await valuesOf(form, "mask")).toEqual([["mask.png", "image/png", "hi"]]);
  });

  test("holds for each file of a list", async () => {
    const form = await formFor({ file: ["aGk=", "aGk="], filename: "x.mp3" });
    expect(await valuesOf(form, "file[]")).toEqual([
      ["x.mp3", "audio/mpeg", "hi"],
      ["x.mp3", "audio/mpeg", "hi"],
    ]);
  });

  test("does not go to the model without the file", async () => {
    expect([...(await formFor({ filename: "x.mp3", model: "m" })).keys()]).toEqual(["model"]);
  });
});

describe("a name is refused, by the field that gives it, when it", () => {
  const plain = "must be a plain file name, without a path, quotes, escapes or control characters";
  const extension = "must end in .wav, .mp3, .xyz";

  test.each<[string, unknown, string]>([
    ["is no string", 5, "must be a string"],
    ["is a list", ["a.wav"], "must be a string"],
    ["has a path", "a/b.wav", plain],
    ["has a root", "/b.wav", plain],
    ["leaves its folder", "../b.wav", plain],
    ["has another system's path", "a\\b.wav", plain],
    ["is the folder", ".", plain],
    ["is the folder above", "..", plain],
    ["is hidden", ".wav", plain],
    ["ends its quotes", 'a";x=".wav', plain],
    ["has single quotes", "a'.wav", plain],
    ["ends its line", "a\r\nx: y.wav", plain],
    ["has a line feed", "a\n.wav", plain],
    ["has a zero byte", "a\0.wav", plain],
    ["has a control character", "a\u0085.wav", plain],
    ["has a line separator", "a\u2028.wav", plain],
    ["has half a character", "a\ud800.wav", plain],
    ["ends its quotes when a parser turns escapes back", "a%22.wav", plain],
    ["has a path when a parser turns escapes back", "..%2fa.wav", plain],
    ["is empty", "", extension],
    ["has no extension", "wav", extension],
    ["ends in a dot", "a.", extension],
    ["has another extension", "a.exe", extension],
    ["has an allowed extension within", "a.wav.exe", extension],
    ["is too long", `${"x".repeat(252)}.wav`, "must be at most 255 bytes, got 256"],
    ["is too long in bytes", `${"ü".repeat(126)}.wav`, "must be at most 255 bytes, got 256"],
  ])("%s", (_, filename, fault) => {
    expect(errorsOf({ file: "aGk=", filename })).toEqual({ filename: fault });
  });

  test("and together with what is wrong with the file", () => {
    expect(errorsOf({ file: "!", filename: "a.exe" })).toEqual({
      file: "must be base64 text, a base64 data: URL or bytes",
      filename: extension,
    });
  });

  test("but not for 255 bytes", () => {
    expect(errorsOf({ file: "aGk=", filename: `${"x".repeat(251)}.wav` })).toBeUndefined();
  });
});
