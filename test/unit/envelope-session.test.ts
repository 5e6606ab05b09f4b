import { Packr } from "msgpackr";
import { describe, expect, test } from "vitest";
import { bodyFields, decodeBody, envelopeFaults, parseEnvelope } from "../../src/http/envelope.js";

const AUTH = { cost: "1", endpoint: "e", reqnum: 1, request_idx: 2, signature: "s", url: "u" };

const packr = new Packr({ useRecords: false });

describe("a body without a handler", () => {
  test("is decoded from JSON", () => {
    expect(decodeBody(Buffer.from('{"a":[1]}'), "json")).toEqual({ kind: "value", value: { a: [1] } });
    expect(decodeBody(Buffer.from("{"), "json")).toEqual({ kind: "invalid-json" });
    expect(decodeBody(packr.pack({ a: [1] }), "json")).toEqual({ kind: "invalid-json" });
  });

  test("is decoded from msgpack", () => {
    expect(decodeBody(packr.pack({ a: [1] }), "msgpack")).toEqual({ kind: "value", value: { a: [1] } });
    expect(decodeBody(Buffer.alloc(0), "msgpack")).toEqual({ kind: "invalid-msgpack" });
    expect(decodeBody(Buffer.from('{"a":[1]}'), "msgpack")).toEqual({ kind: "invalid-msgpack" });
  });

  test.each([[null], [[]], ["text"], [5], [Buffer.from("bytes")], [undefined]])(
    "that is %j has no fields",
    (value) => {
      expect(bodyFields(value)).toEqual({});
    },
  );
});

describe("the faults of an envelope are the same without a handler", () => {
  test.each([
    ["nothing there", {}],
    ["no payload", { auth_data: AUTH }],
    ["no auth_data", { payload: {} }],
    ["an auth_data that is text", { auth_data: "x", payload: {} }],
    ["a payload that is a list", { auth_data: AUTH, payload: [] }],
    ["keys missing", { auth_data: { cost: "much" }, payload: null, session_id: 5 }],
  ])("%s", (_, fields) => {
    expect(parseEnvelope(Buffer.from(JSON.stringify(fields)), {}, "json")).toEqual({
      kind: "faults",
      faults: envelopeFaults(fields),
    });
  });

  test("and there are none of a sound one", () => {
    expect(envelopeFaults({ auth_data: AUTH, payload: {} })).toBeUndefined();
    expect(envelopeFaults({ auth_data: AUTH, payload: {}, session_id: "x" })).toBeUndefined();
  });
});
