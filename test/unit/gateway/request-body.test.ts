import { describe, expect, test } from "vitest";
import { formPayload, isForm, jsonPayload } from "../../../src/gateway/request-body.js";

describe("a JSON body", () => {
  test("is passed on byte by byte", () => {
    const json = Buffer.from(' {"n": 1.0, "seed": 18446744073709551616, "text": "ü"}\n');
    const body = jsonPayload(json);
    expect(body?.json).toBe(json);
    expect(body?.payload).toMatchObject({ n: 1, text: "ü" });
  });

  test.each([
    ["of two values", '{},"session_id":"x"'],
    ["that ends the envelope", '{}},{"a":1'],
    ["that is no JSON", "{"],
    ["that is empty", ""],
    ["that is a list", "[]"],
    ["that is null", "null"],
    ["that is a text", '"hello"'],
    ["with a byte order mark", "\ufeff{}"],
  ])("%s is refused", (_, text) => {
    expect(jsonPayload(Buffer.from(text))).toBeUndefined();
  });

  test("that is not UTF-8 is refused", () => {
    expect(jsonPayload(Buffer.from('{"a":"\xff"}', "latin1"))).toBeUndefined();
  });
});

describe("a form", () => {
  test.each([
    ["multipart/form-data; boundary=x", true],
    ["Multipart/Form-Data; boundary=x", true],
    ["multipart/mixed; boundary=x", false],
    ["application/json", false],
    ["", false],
  ])("is recognised by its type: %s", (contentType, expected) => {
    expect(isForm(contentType)).toBe(expected);
  });

  test("becomes the payload of which a worker makes the same form", async () => {
    const form = new FormData();
    form.set("file", new File(["abc"], "hello.wav"));
    form.set("model", "whisper");
    form.append("timestamp_granularities[]", "word");
    const request = new Request("http://127.0.0.1/", { method: "POST", body: form });
    const contentType = request.headers.get("content-type") ?? "";
    const body = await formPayload(Buffer.from(await request.arrayBuffer()), contentType);
    const payload = {
      file: "YWJj",
      filename: "hello.wav",
      model: "whisper",
      timestamp_granularities: ["word"],
    };
    expect(body?.payload).toEqual(payload);
    expect(JSON.parse(body?.json.toString() ?? "")).toEqual(payload);
  });

  test.each(["multipart/form-data", "multipart/form-data; boundary=other"])(
    "that is malformed is refused: %s",
    async (contentType) => {
      expect(await formPayload(Buffer.from("--x\r\n"), contentType)).toBeUndefined();
    },
  );
});
