import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/plain", allowParallelRequests: true },
      { route: "/parsed", allowParallelRequests: true, requestParser: "needsPrompt" },
      { route: "/broken-parser", allowParallelRequests: true, requestParser: "throws" },
      { route: "/empty-parser", allowParallelRequests: true, requestParser: "returnsNothing" },
    ],
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** Sends a body that is to be refused; the model must not receive it. */
async function refused(route: string, body: unknown) {
  const asked = fixture.model.requests.length;
  const reply = await fixture.ask(route, { body });
  expect(fixture.model.requests.length).toBe(asked);
  expect(reply.headers["content-type"]).toBe("application/json");
  return { status: reply.status, body: reply.json() as Record<string, Record<string, string>> };
}

const text = (bytes: string): Buffer => Buffer.from(bytes, "latin1");

describe("a body that is not JSON is answered 422", () => {
  test.each([
    ["empty", ""],
    ["blank", " \n"],
    ["a word", "hello"],
    ["truncated", '{"auth_data": {"cost": "1"'],
    ["cut off inside of a string", '{"auth_data": "'],
    ["followed by something", "{} {}"],
    ["in single quotes", "{'auth_data': {}}"],
    ["with NaN", '{"payload": {"n": NaN}}'],
    ["with a trailing comma", '{"payload": {},}'],
    ["behind a byte order mark", text("\xef\xbb\xbf{}")],
    ["no UTF-8", text('{"payload": {"text": "\xff\xfe"}}')],
    ["with a cut-off UTF-8 character", text('{"payload": {"text": "\xe2\x82"}}')],
    ["with an encoded surrogate", text('{"payload": {"text": "\xed\xa0\x80"}}')],
    ["binary", Buffer.from([0, 1, 2, 3, 255, 254])],
    ["form data", "auth_data=1&payload=2"],
  ])("%s", async (_, body) => {
    expect(await refused("/plain", body)).toEqual({ status: 422, body: { error: "invalid JSON" } });
  });
});

describe("missing keys are answered 422, all at once", () => {
  test.each(["{}", "[]", '"text"', "5", "null", "true", '[{"auth_data": {}}]'])("in %s", async (body) => {
    expect(await refused("/plain", body)).toEqual({
      status: 422,
      body: { auth_data: "field missing", payload: "field missing" },
    });
  });

  test("each key of auth_data, and the payload", async () => {
    const missing = "missing parameter";
    expect(await refused("/plain", { auth_data: {} })).toEqual({
      status: 422,
      body: {
        auth_data: {
          cost: missing,
          endpoint: missing,
          reqnum: missing,
          request_idx: missing,
          signature: missing,
          url: missing,
        },
        payload: "field missing",
      },
    });
  });

  test("one key of auth_data", async () => {
    const { cost: _, ...rest } = fixture.envelope().auth_data;
    expect(await refused("/plain", { auth_data: rest, payload: {} })).toEqual({
      status: 422,
      body: { auth_data: { cost: "missing parameter" } },
    });
  });

  test("keys that an object has by nature count as missing, too", async () => {
    const body = '{"__proto__": {"auth_data": {}, "payload": {}}, "constructor": {}, "toString": {}}';
    expect(await refused("/plain", body)).toMatchObject({
      status: 422,
      body: { auth_data: "field missing", payload: "field missing" },
    });
  });

  test("an absent key, of a payload that a requestParser would refuse: unverified payloads are not parsed", async () => {
    expect(await refused("/parsed", { payload: { prompt: 5 } })).toEqual({
      status: 422,
      body: { auth_data: "field missing" },
    });
  });
});

describe("a payload that is no object is answered 422", () => {
  test.each([[null], [[]], [[{}]], ["text"], [5], [true]])("%j", async (payload) => {
    for (const route of ["/plain", "/parsed", "/broken-parser"]) {
      expect(await refused(route, { ...fixture.envelope(), payload })).toEqual({
        status: 422,
        body: { payload: { data: "payload must be a dictionary" } },
      });
    }
  });
});

describe("a wrong type is answered 422 and names the field", () => {
  const noText = [null, 5, true, {}, ["a"]];
  const noInteger = [null, "1", 1.5, true, {}, [1]];
  const noCost = [null, "", " ", "many", "NaN", "Infinity", true, {}, [1]];
  test.each([
    ["cost", noCost],
    ["endpoint", noText],
    ["reqnum", noInteger],
    ["request_idx", noInteger],
    ["signature", noText],
    ["url", noText],
  ])("auth_data.%s", async (field, values) => {
    for (const value of values) {
      const { auth_data, payload } = fixture.envelope();
      expect(await refused("/plain", { auth_data: { ...auth_data, [field]: value }, payload })).toEqual({
        status: 422,
        body: { auth_data: { [field]: expect.stringMatching(/^must be/) } },
      });
    }
  });

  test("a cost beyond all numbers", async () => {
    const body = JSON.stringify(fixture.envelope()).replace(/"cost":"?100"?/, '"cost":1e999');
    expect(await refused("/plain", body)).toMatchObject({
      status: 422,
      body: { auth_data: { cost: expect.stringMatching(/^must be/) } },
    });
  });

  test.each([[null], [[]], ["text"], [5], [true]])("auth_data: %j", async (auth_data) => {
    expect(await refused("/plain", { auth_data, payload: {} })).toEqual({
      status: 422,
      body: { auth_data: expect.stringMatching(/^must be/) },
    });
  });

  test.each([[5], [true], [{}], [[]]])("session_id: %j", async (session_id) => {
    expect(await refused("/plain", { ...fixture.envelope(), session_id })).toEqual({
      status: 422,
      body: { session_id: expect.stringMatching(/^must be/) },
    });
  });
});

describe("an envelope is taken", () => {
  test.each([
    ["with the cost as a number", { cost: 5 }],
    ["with the cost as the text of a fraction", { cost: "0.5" }],
    ["with further keys in auth_data", { status: "ready", __reqnum: null, nested: { a: [1] } }],
  ])("%s", async (_, auth) => {
    const { auth_data, payload } = fixture.envelope();
    expect(
      await fixture.ask("/plain", { body: { auth_data: { ...auth_data, ...auth }, payload } }),
    ).toMatchObject({
      status: 200,
    });
  });

  test("with further keys of its own, session_id absent or null, and blanks around it", async () => {
    for (const more of [{}, { session_id: null }, { other: [1, 2], payloads: {} }]) {
      const body = ` \r\n\t${JSON.stringify({ ...fixture.envelope(), ...more }, null, 4)}\n`;
      expect(await fixture.ask("/plain", { body })).toMatchObject({ status: 200 });
    }
  });

  test("with any content type", async () => {
    for (const type of ["application/json; charset=utf-8", "text/plain", "application/octet-stream", ""]) {
      const reply = await fixture.ask("/plain", {
        body: fixture.envelope(),
        headers: { "content-type": type },
      });
      expect(reply).toMatchObject({ status: 200 });
    }
  });
});

describe("a requestParser", () => {
  test("that throws a PayloadError is answered 422 with its messages", async () => {
    expect(await refused("/parsed", fixture.envelope({ prompt: 5 }))).toEqual({
      status: 422,
      body: { payload: { prompt: "must be a string" } },
    });
  });

  test("that throws anything else is answered 500 without internals; the stack is logged, once", async () => {
    expect(await refused("/broken-parser", fixture.envelope())).toEqual({
      status: 500,
      body: { error: "the worker's own code failed" },
    });
    await eventually(() => {
      const about = fixture.worker.lines.filter(({ err }) =>
        JSON.stringify(err ?? "").includes("the parser failed"),
      );
      expect(about).toMatchObject([
        {
          msg: "requestParser threw",
          route: "/broken-parser",
          err: { stack: expect.stringContaining("worker-main") },
        },
      ]);
    });
  });

  test("that returns no object is answered 500", async () => {
    expect(await refused("/empty-parser", fixture.envelope())).toEqual({
      status: 500,
      body: { error: "the worker's own code failed" },
    });
  });
});
