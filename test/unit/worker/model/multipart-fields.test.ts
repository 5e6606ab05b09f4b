import { describe, expect, test } from "vitest";
import type { Payload } from "../../../../src/shared/wire.js";
import { multipartBody } from "../../../../src/worker/model/multipart.js";
import { formOf, valuesOf } from "../../support/form-of.js";

const CONFIG = {
  files: { file: { extensions: ["wav"], defaultFilename: "audio.wav" } },
  maxFileBytes: 100,
  maxTotalBytes: 100,
  maxFiles: 1,
};

const encode = (payload: Payload) => multipartBody(payload, CONFIG);

describe("a field that is no file", () => {
  test.each<[string, unknown, string]>([
    ["text", "hello", "hello"],
    ["empty text", "", ""],
    ["text beyond ASCII", "grüße 😀", "grüße 😀"],
    ["text with line breaks", "a\r\nb\nc", "a\r\nb\nc"],
    ["text with half a character", "a\ud800b", "a\ufffdb"],
    ["an integer", 5, "5"],
    ["a fraction", 0.5, "0.5"],
    ["true", true, "true"],
    ["false", false, "false"],
    ["a bigint", 2n ** 64n, "18446744073709551616"],
    ["an object", { a: [1, null], b: "ü" }, '{"a":[1,null],"b":"ü"}'],
    [
      "an object with a bigint and bytes",
      { a: 2n ** 60n, b: Buffer.from("hi") },
      '{"a":1152921504606846976,"b":"aGk="}',
    ],
    ["a list of lists", [[1], [2]], "[[1],[2]]"],
    ["a list with an object", [1, { a: 1 }], '[1,{"a":1}]'],
    ["bytes", Buffer.from("hi"), "aGk="],
  ])("is sent as text: %s", async (_, value, text) => {
    const form = await formOf(encode({ value }));
    expect([...form.keys()]).toEqual(["value"]);
    expect(await valuesOf(form, "value")).toEqual([text]);
  });

  test("that is a list of plain values is sent once for each of them, under its name with brackets", async () => {
    const form = await formOf(encode({ list: ["a", 1, true, null, 2n ** 60n] }));
    expect([...new Set(form.keys())]).toEqual(["list[]"]);
    expect(form.getAll("list[]")).toEqual(["a", "1", "true", "1152921504606846976"]);
  });

  test("whose name has brackets already gets no more", async () => {
    const form = await formOf(encode({ "timestamp_granularities[]": ["word", "segment"] }));
    expect(form.getAll("timestamp_granularities[]")).toEqual(["word", "segment"]);
  });

  test.each([[null], [undefined], [[]], [[null]], [() => 1]])("that is %s is left out", async (value) => {
    expect([...(await formOf(encode({ value, other: 1 }))).keys()]).toEqual(["other"]);
  });

  test("keeps its place among the others", async () => {
    const form = await formOf(encode({ b: 1, file: "aGk=", a: 2, list: [1, 2] }));
    expect([...form.keys()]).toEqual(["b", "file", "a", "list[]", "list[]"]);
  });
});

describe("a field cannot break out of its part", () => {
  test.each([
    ['x"; filename="evil.wav', "x%22; filename=%22evil.wav"],
    ["x\r\nContent-Type: text/html", "x%0D%0AContent-Type: text/html"],
    ["x\r\n\r\nbody", "x%0D%0A%0D%0Abody"],
    ["\n", "%0A"],
    ["ü😀", "ü😀"],
    ["__proto__", "__proto__"],
    ["", ""],
  ])("by its name: %j", (name, escaped) => {
    const payload = JSON.parse(`{${JSON.stringify(name)}:"value"}`);
    const { body, contentType } = encode(payload);
    const boundary = contentType.split("boundary=")[1];
    expect(body.toString()).toBe(
      `--${boundary}\r\nContent-Disposition: form-data; name="${escaped}"\r\n\r\nvalue\r\n--${boundary}--\r\n`,
    );
  });

  test("by its text", async () => {
    const text = '\r\n--\r\nContent-Disposition: form-data; name="evil"\r\n\r\nx\r\n----\r\n';
    expect(await valuesOf(await formOf(encode({ text })), "text")).toEqual([text]);
  });
});

describe("the boundary", () => {
  test("stays, so that the head of a request may be kept", () => {
    expect(encode({ a: 1 }).contentType).toBe(encode({ b: 2 }).contentType);
  });

  test("cannot be predicted", () => {
    expect(encode({}).contentType).toMatch(/^multipart\/form-data; boundary=tsworker-[\w-]{32}$/);
  });
});

test("a payload without fields is a form without parts", () => {
  const { body, contentType } = encode({});
  expect(body.toString()).toBe(`--${contentType.split("boundary=")[1]}--\r\n`);
});

test("a part looks like those of a browser", () => {
  const { body, contentType } = encode({ model: "m", file: "aGk=" });
  const boundary = contentType.split("boundary=")[1];
  expect(body.toString().split("\r\n")).toEqual([
    `--${boundary}`,
    'Content-Disposition: form-data; name="model"',
    "",
    "m",
    `--${boundary}`,
    'Content-Disposition: form-data; name="file"; filename="audio.wav"',
    "Content-Type: audio/wav",
    "",
    "hi",
    `--${boundary}--`,
    "",
  ]);
});
