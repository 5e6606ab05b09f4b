import { Packr } from "msgpackr";
import { describe, expect, test } from "vitest";
import { PayloadError } from "../../../../../src/shared/errors.js";
import { type EnvelopeHandler, read } from "./support/read.js";

const AUTH = { cost: "1", endpoint: "e", reqnum: 1, request_idx: 2, signature: "s", url: "u" };

const packr = new Packr({ useRecords: false });

const parse = (envelope: unknown, handler: EnvelopeHandler = {}) =>
  read(packr.pack(envelope), handler, "msgpack");

describe("a msgpack envelope", () => {
  test("goes to the model as JSON", () => {
    expect(parse({ auth_data: AUTH, payload: { a: [1, "ü", null] }, session_id: "abc" })).toEqual({
      kind: "envelope",
      authData: AUTH,
      sessionId: "abc",
      value: { a: [1, "ü", null] },
      body: Buffer.from('{"a":[1,"ü",null]}'),
      contentType: "application/json",
    });
  });

  test("gives the model bytes as base64 text and integers beyond 2^53 with all their digits", () => {
    const payload = { image: Buffer.from([0xff, 0, 1]), seed: 2n ** 64n - 1n, low: -(2n ** 63n) };
    expect(parse({ auth_data: AUTH, payload })).toMatchObject({
      body: Buffer.from('{"image":"/wAB","seed":18446744073709551615,"low":-9223372036854775808}'),
    });
  });

  test("gives a file's bytes to a model that takes multipart", async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 45, 45]);
    const multipart = {
      files: { file: { extensions: ["wav"], defaultFilename: "audio.wav" } },
      maxFileBytes: 100,
      maxTotalBytes: 100,
      maxFiles: 1,
    };
    const result = parse({ auth_data: AUTH, payload: { file: bytes, seed: 2n ** 60n } }, { multipart });
    if (result?.kind !== "envelope") throw new Error(`expected an envelope, got ${result?.kind}`);
    const { body, contentType } = result;
    const form = await new Response(body, { headers: { "content-type": contentType } }).formData();
    const file = form.get("file");
    expect(file instanceof File && Buffer.from(await file.arrayBuffer())).toEqual(bytes);
    expect(form.get("seed")).toBe("1152921504606846976");
  });

  test("is not read a second time: its values do not change with the buffer that it came in", () => {
    const body = packr.pack({ auth_data: AUTH, payload: { image: Buffer.from("bytes") } });
    const result = read(body, {}, "msgpack");
    body.fill(0);
    expect(result).toMatchObject({ value: { image: Buffer.from("bytes") }, authData: AUTH });
  });

  test("that is no msgpack is reported as such", () => {
    expect(read(Buffer.from("{}{}"), {}, "msgpack")).toEqual({ kind: "invalid", format: "msgpack" });
    expect(read(Buffer.alloc(0), {}, "msgpack")).toEqual({ kind: "invalid", format: "msgpack" });
    expect(parse({ auth_data: AUTH, payload: { a: Number.NaN } })).toEqual({
      kind: "invalid",
      format: "msgpack",
    });
  });
});

describe("user code", () => {
  test("sees bytes as Buffers and unsafe integers as bigints, and may pass them on", () => {
    const seen: unknown[] = [];
    const requestParser = (payload: Record<string, unknown>) => {
      seen.push(payload.image, payload.seed);
      return { ...payload, more: undefined, at: new Date(0) };
    };
    const payload = { image: Buffer.from("hi"), seed: 2n ** 60n };
    expect(parse({ auth_data: AUTH, payload }, { requestParser })).toMatchObject({
      body: Buffer.from('{"image":"aGk=","seed":1152921504606846976,"at":"1970-01-01T00:00:00.000Z"}'),
    });
    expect(seen).toEqual([Buffer.from("hi"), 2n ** 60n]);
    expect(Buffer.isBuffer(seen[0])).toBe(true);
  });

  test("that returns what cannot be written is itself in error", () => {
    const circle: Record<string, unknown> = {};
    circle.circle = circle;
    expect(parse({ auth_data: AUTH, payload: {} }, { requestParser: () => circle })).toEqual({
      kind: "parser-threw",
      error: expect.any(TypeError),
    });
  });

  test("may refuse the payload", () => {
    const requestParser = () => {
      throw new PayloadError({ image: "must be a PNG" });
    };
    expect(parse({ auth_data: AUTH, payload: {} }, { requestParser })).toEqual({
      kind: "invalid-fields",
      errors: { payload: { image: "must be a PNG" } },
    });
  });
});

describe("errors are reported by field", () => {
  const bytes = Buffer.from("bytes");

  test.each([
    ["a list", [], { auth_data: "field missing", payload: "field missing" }],
    ["bytes", bytes, { auth_data: "field missing", payload: "field missing" }],
    ["an auth_data of bytes", { auth_data: bytes, payload: {} }, { auth_data: "must be an object" }],
    [
      "a payload of bytes",
      { auth_data: AUTH, payload: bytes },
      { payload: { data: "payload must be a dictionary" } },
    ],
    [
      "numbers that are not safe",
      { auth_data: { ...AUTH, reqnum: 2n ** 53n, request_idx: 2n ** 64n - 1n }, payload: {} },
      { auth_data: { reqnum: "must be an integer", request_idx: "must be an integer" } },
    ],
    [
      "a signature and a session of bytes",
      { auth_data: { ...AUTH, signature: bytes }, payload: {}, session_id: bytes },
      { auth_data: { signature: "must be a string" }, session_id: "must be a string or null" },
    ],
  ])("%s", (_, envelope, errors) => {
    expect(parse(envelope)).toEqual({ kind: "invalid-fields", errors });
  });

  test("numbers that are safe count, however widely they are written", () => {
    const body = packr.pack({ auth_data: { ...AUTH, reqnum: 2n ** 40n }, payload: {} });
    expect(read(body, {}, "msgpack")).toMatchObject({ authData: { reqnum: 2 ** 40 } });
  });
});
