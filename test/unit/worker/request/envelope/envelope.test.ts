import { describe, expect, test } from "vitest";
import { PayloadError } from "../../../../../src/shared/errors.js";
import type { Handler } from "../../../../../src/worker/config/config-schema.js";
import { unhandledRejections } from "../../../support/unhandled-rejections.js";
import { type EnvelopeHandler, LOOKED_AT, read } from "./support/read.js";

const AUTH = {
  cost: "256",
  endpoint: "my-endpoint",
  reqnum: 1234,
  request_idx: 10203040,
  signature: "c2lnbmVk",
  url: "http://203.0.113.7:41000",
};

const parse = (body: string | Buffer, handler: EnvelopeHandler = {}) => read(Buffer.from(body), handler);

const parseJson = (body: unknown, handler: EnvelopeHandler = {}) => parse(JSON.stringify(body), handler);

/** The field errors of a body. */
const errorsOf = (body: unknown, handler: EnvelopeHandler = {}) => {
  const result = parseJson(body, handler);
  return result?.kind === "invalid-fields" ? result.errors : result?.kind;
};

describe("a sound envelope", () => {
  test("is taken as it was sent", () => {
    const result = parseJson({ auth_data: AUTH, payload: { a: 1 }, session_id: null }, LOOKED_AT);
    expect(result).toEqual({
      kind: "envelope",
      authData: AUTH,
      sessionId: null,
      value: { a: 1 },
      body: Buffer.from('{"a":1}'),
      contentType: "application/json",
    });
  });

  test("has no value of its payload where no code reads it", () => {
    expect(parseJson({ auth_data: AUTH, payload: { a: 1 } })).toMatchObject({ value: undefined });
  });

  test("may hold further keys, of auth_data and of its own", () => {
    const authData = { ...AUTH, status: "ready", more: { a: 1 } };
    expect(parseJson({ auth_data: authData, payload: {}, more: 1 })).toMatchObject({ authData });
  });

  test.each([0, -1, 2 ** 53 - 1, 1 - 2 ** 53])("may have the numbers %d", (number) => {
    const authData = { ...AUTH, reqnum: number, request_idx: number };
    expect(parseJson({ auth_data: authData, payload: {} })).toMatchObject({ authData });
  });

  test("may have a cost that is a number", () => {
    expect(parseJson({ auth_data: { ...AUTH, cost: 2.5 }, payload: {} })?.kind).toBe("envelope");
  });

  test.each([
    [undefined, null],
    [null, null],
    ["", ""],
    ["abcdefghijklm", "abcdefghijklm"],
  ])("with the session %j has the session %j", (session_id, sessionId) => {
    expect(parseJson({ auth_data: AUTH, payload: {}, session_id })).toMatchObject({ sessionId });
  });
});

describe("what the model is sent", () => {
  test("are the client's own bytes", () => {
    const payload = '{ "seed": 12345678901234567890, "b":1.0,"__proto__":{"x":1} }';
    const result = parse(`{"auth_data":${JSON.stringify(AUTH)},"payload":${payload}}`);
    expect(result?.kind === "envelope" && result.body.toString()).toBe(payload);
  });

  test("does not change with the buffer that it came in", () => {
    const body = Buffer.from(JSON.stringify({ auth_data: AUTH, payload: { a: 1 } }));
    const result = read(body);
    body.fill(0);
    expect(result?.kind === "envelope" && result.body.toString()).toBe('{"a":1}');
  });

  test("is nothing where a remoteFunction answers", () => {
    const handler = { remoteFunction: () => 1 };
    expect(parseJson({ auth_data: AUTH, payload: { a: 1 } }, handler)).toMatchObject({
      value: { a: 1 },
      body: Buffer.alloc(0),
    });
  });

  test("is what the requestParser made of it", () => {
    const requestParser = ({ a }: Record<string, unknown>) => ({ doubled: Number(a) * 2 });
    expect(parseJson({ auth_data: AUTH, payload: { a: 2 } }, { requestParser })).toMatchObject({
      value: { doubled: 4 },
      body: Buffer.from('{"doubled":4}'),
    });
  });
});

describe("a body that is no JSON", () => {
  test.each([
    ["nothing", ""],
    ["text", "hello"],
    ["JSON that breaks off", '{"auth_data":'],
    ["JSON with something behind it", "{} {}"],
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ])("is reported as invalid: %s", (_, body) => {
    expect(parse(body)).toEqual({ kind: "invalid", format: "json" });
  });
});

describe("errors are reported by field", () => {
  test.each([
    ["nothing there", {}, { auth_data: "field missing", payload: "field missing" }],
    ["a list", [], { auth_data: "field missing", payload: "field missing" }],
    ["null", null, { auth_data: "field missing", payload: "field missing" }],
    ["no payload", { auth_data: AUTH }, { payload: "field missing" }],
    ["no auth_data", { payload: {} }, { auth_data: "field missing" }],
    ["an auth_data that is no object", { auth_data: null, payload: {} }, { auth_data: "must be an object" }],
    ["an auth_data that is a list", { auth_data: [], payload: {} }, { auth_data: "must be an object" }],
    [
      "a payload that is text",
      { auth_data: AUTH, payload: "x" },
      { payload: { data: "payload must be a dictionary" } },
    ],
    [
      "a payload that is a list",
      { auth_data: AUTH, payload: [] },
      { payload: { data: "payload must be a dictionary" } },
    ],
    [
      "a payload that is null",
      { auth_data: AUTH, payload: null },
      { payload: { data: "payload must be a dictionary" } },
    ],
    [
      "a session_id that is a number",
      { auth_data: AUTH, payload: {}, session_id: 5 },
      { session_id: "must be a string or null" },
    ],
  ])("%s", (_, body, errors) => {
    expect(errorsOf(body)).toEqual(errors);
  });

  test.each(Object.keys(AUTH))("auth_data without %s", (key) => {
    const authData: Record<string, unknown> = { ...AUTH };
    delete authData[key];
    expect(errorsOf({ auth_data: authData, payload: {} })).toEqual({
      auth_data: { [key]: "missing parameter" },
    });
  });

  test.each([
    ["cost", "much", "must be a number or its text"],
    ["cost", "", "must be a number or its text"],
    ["cost", null, "must be a number or its text"],
    ["endpoint", 1, "must be a string"],
    ["reqnum", 1.5, "must be an integer"],
    ["reqnum", "1", "must be an integer"],
    ["reqnum", 2 ** 53, "must be an integer"],
    ["reqnum", -(2 ** 53), "must be an integer"],
    ["reqnum", 1e300, "must be an integer"],
    ["request_idx", null, "must be an integer"],
    ["request_idx", 2 ** 53, "must be an integer"],
    ["request_idx", -(2 ** 53), "must be an integer"],
    ["request_idx", 1e300, "must be an integer"],
    ["signature", {}, "must be a string"],
    ["url", null, "must be a string"],
  ])("auth_data whose %s is %j", (key, value, fault) => {
    expect(errorsOf({ auth_data: { ...AUTH, [key]: value }, payload: {} })).toEqual({
      auth_data: { [key]: fault },
    });
  });

  test("all errors at once", () => {
    expect(errorsOf({ auth_data: { endpoint: 1, url: "u" }, payload: [], session_id: 5 })).toEqual({
      auth_data: {
        cost: "missing parameter",
        endpoint: "must be a string",
        reqnum: "missing parameter",
        request_idx: "missing parameter",
        signature: "missing parameter",
      },
      payload: { data: "payload must be a dictionary" },
      session_id: "must be a string or null",
    });
  });

  test("the requestParser's errors are reported to verified clients only", () => {
    const requestParser = () => {
      throw new PayloadError({ prompt: "must be a string", steps: "must be at least 1" });
    };
    expect(errorsOf({ auth_data: AUTH, payload: {} }, { requestParser })).toEqual({
      payload: { prompt: "must be a string", steps: "must be at least 1" },
    });
    expect(errorsOf({ payload: {} }, { requestParser })).toEqual({ auth_data: "field missing" });
  });
});

describe("a requestParser", () => {
  test.each([
    ["throws", () => JSON.parse("nonsense")],
    ["gives nothing", () => undefined],
    ["gives null", () => null],
    ["gives a list", () => []],
    ["gives what cannot be written as JSON", () => ({ seed: 1n })],
  ])("that %s is an error of the worker, not the client's", (_, parser) => {
    const requestParser = parser as unknown as NonNullable<Handler["requestParser"]>;
    const result = parseJson({ auth_data: AUTH, payload: {} }, { requestParser });
    expect(result).toEqual({ kind: "parser-threw", error: expect.any(Error) });
  });

  test.each([
    ["resolves", async (payload: unknown) => payload],
    [
      "rejects",
      async () => {
        throw new Error("the parser failed");
      },
    ],
    [
      "rejects with field errors",
      async () => {
        throw new PayloadError({ prompt: "must be a string" });
      },
    ],
  ])("that is async and %s is an error of the worker, and no more than that", async (_, parser) => {
    const requestParser = parser as unknown as NonNullable<Handler["requestParser"]>;
    const results: unknown[] = [];
    const unhandled = await unhandledRejections(() => {
      results.push(parseJson({ auth_data: AUTH, payload: {} }, { requestParser }));
    });
    expect(unhandled).toEqual([]);
    const threw = {
      kind: "parser-threw",
      error: new TypeError("requestParser: expected it to return an object, got a Promise"),
    };
    expect(results).toEqual([threw]);
  });

  test("is not called with a payload that is no object", () => {
    let asked = 0;
    const requestParser = (payload: Record<string, unknown>) => {
      asked++;
      return payload;
    };
    parseJson({ auth_data: AUTH, payload: [] }, { requestParser });
    parseJson({ auth_data: AUTH }, { requestParser });
    expect(asked).toBe(0);
  });
});
