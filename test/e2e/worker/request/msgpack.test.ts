import { pack } from "msgpackr";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import type { Reply } from "../../../support/http-client.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const MIB = 1024 * 1024;
const BODY_LIMIT = 16 * MIB;

let fixture: WorkerFixture;
beforeAll(async () => {
  const parallel = { allowParallelRequests: true } as const;
  fixture = await WorkerFixture.start({
    config: { maxBodyBytes: BODY_LIMIT },
    handlers: [
      { route: "/plain", ...parallel },
      { route: "/parsed", ...parallel, requestParser: "needsPrompt" },
      { route: "/kinds", ...parallel, requestParser: "kinds" },
      { route: "/function", ...parallel, remoteFunction: "kinds" },
      { route: "/cost", ...parallel, workloadCalculator: "cost" },
    ],
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

const sendBytes = (route: string, body: Buffer, type = "application/msgpack"): Promise<Reply> =>
  fixture.ask(route, { body, headers: { "content-type": type } });

const send = (route: string, envelope: unknown): Promise<Reply> => sendBytes(route, pack(envelope));

const post = (route: string, payload: unknown): Promise<Reply> => send(route, fixture.envelope(payload));

/** The JSON text that the model was sent, and that it was called so. */
async function textAtModel(route: string, payload: unknown): Promise<string> {
  const reply = await post(route, payload);
  expect({ status: reply.status, body: reply.body.toString() }).toEqual({ status: 200, body: "{}" });
  const { last } = fixture.model;
  expect(last.headers.get("content-type")).toBe("application/json");
  expect(last.headers.get("content-length")).toBe(String(last.body.length));
  return last.body.toString();
}

/** Sends what is to be refused; the model must not receive it. */
async function refused(sending: () => Promise<Reply>) {
  const asked = fixture.model.requests.length;
  const reply = await sending();
  expect(fixture.model.requests.length).toBe(asked);
  expect(reply.headers["content-type"]).toBe("application/json");
  return { status: reply.status, body: reply.json() };
}

describe("the content of a msgpack envelope reaches a JSON model", () => {
  test("as JSON", async () => {
    const payload = {
      text: "Grüße \u{1f600}\n\0",
      list: [1, -1, 0.5, true, false, null, [], {}],
      deep: { a: { b: [{ c: "d" }] } },
    };
    expect(JSON.parse(await textAtModel("/plain", payload))).toEqual(payload);
  });

  test("its bytes as base64 text", async () => {
    const image = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const text = await textAtModel("/plain", { image, list: [Buffer.alloc(0), Buffer.from("hi")] });
    expect(JSON.parse(text)).toEqual({ image: image.toString("base64"), list: ["", "aGk="] });
  });

  test("its integers with all their digits", async () => {
    const payload = {
      max: 2n ** 64n - 1n,
      min: -(2n ** 63n),
      above: 2n ** 53n + 1n,
      below: [-(2n ** 53n) - 1n],
      safe: 2 ** 53 - 1,
    };
    expect(await textAtModel("/plain", payload)).toBe(
      '{"max":18446744073709551615,"min":-9223372036854775808,"above":9007199254740993,' +
        '"below":[-9007199254740993],"safe":9007199254740991}',
    );
  });

  test("its keys in their order, `__proto__` and the like among them", async () => {
    const payload = new Map<string, unknown>([
      ["z", 1],
      ["__proto__", new Map([["polluted", true]])],
      ["constructor", 2],
      ["a", new Map([["__proto__", 3]])],
    ]);
    expect(await textAtModel("/plain", payload)).toBe(
      '{"z":1,"__proto__":{"polluted":true},"constructor":2,"a":{"__proto__":3}}',
    );
    expect(await textAtModel("/plain", {})).toBe("{}");
  });

  test.each([
    "application/msgpack; charset=binary",
    "Application/MsgPack",
    "application/x-msgpack",
    "application/vnd.msgpack",
  ])("under the media type %s", async (type) => {
    const reply = await sendBytes("/plain", pack(fixture.envelope({ type })), type);
    expect(reply).toMatchObject({ status: 200 });
    expect(JSON.parse(fixture.model.last.body.toString())).toEqual({ type });
  });

  test("10 MiB of bytes", async () => {
    const file = Buffer.alloc(10 * MIB, "0123456789");
    expect(JSON.parse(await textAtModel("/plain", { file }))).toEqual({ file: file.toString("base64") });
  });
});

describe("user code sees", () => {
  const payload = { bytes: Buffer.from("hello"), large: 2n ** 64n - 1n, small: 5n, text: "x" };
  const kinds = {
    bytes: "Buffer 5",
    large: "bigint 18446744073709551615",
    small: "number 5",
    text: "string x",
  };

  test("Buffers and bigints in a requestParser", async () => {
    expect(JSON.parse(await textAtModel("/kinds", payload))).toEqual(kinds);
  });

  test("Buffers and bigints in a remoteFunction", async () => {
    expect((await post("/function", payload)).json()).toEqual({ result: kinds });
  });

  test("the payload in a workloadCalculator", async () => {
    const body = fixture.envelope({ cost: 77 });
    expect(await send("/cost", body)).toMatchObject({ status: 200 });
    await fixture.expectReported(body, "Success");
  });
});

describe("a msgpack envelope is checked as one in JSON", () => {
  test("missing keys are answered 422, all at once", async () => {
    const missing = "missing parameter";
    expect(await refused(() => send("/plain", { auth_data: { cost: 1, reqnum: 1 } }))).toEqual({
      status: 422,
      body: {
        auth_data: { endpoint: missing, request_idx: missing, signature: missing, url: missing },
        payload: "field missing",
      },
    });
  });

  test.each([
    ["{}", {}],
    ["a list", []],
    ["text", "text"],
    ["a number", 5],
    ["nil", null],
    ["bytes", Buffer.from("{}")],
  ])("%s has none of them", async (_, body) => {
    expect(await refused(() => send("/plain", body))).toEqual({
      status: 422,
      body: { auth_data: "field missing", payload: "field missing" },
    });
  });

  test("wrong types are answered 422, all at once", async () => {
    const { auth_data } = fixture.envelope();
    const body = {
      auth_data: { ...auth_data, url: Buffer.from(auth_data.url), reqnum: 2n ** 60n },
      payload: [5],
      session_id: 5,
    };
    expect(await refused(() => send("/parsed", body))).toEqual({
      status: 422,
      body: {
        auth_data: { url: "must be a string", reqnum: "must be an integer" },
        session_id: "must be a string or null",
        payload: { data: "payload must be a dictionary" },
      },
    });
  });

  test.each([
    ["nil", null],
    ["a list", []],
    ["bytes", Buffer.from("x")],
    ["a number", 5],
  ])("a payload that is %s is answered 422", async (_, payload) => {
    expect(await refused(() => post("/plain", payload))).toEqual({
      status: 422,
      body: { payload: { data: "payload must be a dictionary" } },
    });
  });

  test("a forged signature is answered 401 and counts as rejected, with the usual workload", async () => {
    const { auth_data, payload } = fixture.envelope();
    const body = { auth_data: { ...auth_data, signature: "AAAA" }, payload };
    const before = fixture.engine.totals.rejectedLoad;
    expect(await refused(() => send("/plain", body))).toEqual({
      status: 401,
      body: { error: expect.stringContaining("signature") },
    });
    await eventually(() => expect(fixture.engine.totals.rejectedLoad - before).toBe(100));
  });

  test("an unknown session is answered 410", async () => {
    expect(await refused(() => send("/plain", { ...fixture.envelope(), session_id: "unknown" }))).toEqual({
      status: 410,
      body: { error: "invalid session" },
    });
  });

  test("a body over the limit is answered 413", async () => {
    expect(await refused(() => post("/plain", { file: Buffer.alloc(BODY_LIMIT) }))).toEqual({
      status: 413,
      body: { error: `the body is larger than ${BODY_LIMIT} bytes` },
    });
  });
});

const INVALID = { status: 422, body: { error: "invalid msgpack" } };

/** A value of 32 bits of declared length, and what follows. */
function declared(token: number, length: number, rest: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(5);
  head[0] = token;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, rest]);
}

const [LIST, MAP, TEXT, BYTES] = [0xdd, 0xdf, 0xdb, 0xc6];

describe("what is no msgpack is answered 422", () => {
  test.each<[string, Buffer]>([
    ["nothing", Buffer.alloc(0)],
    ["JSON", Buffer.from('{"auth_data":{},"payload":{}}')],
    ["an unused token", Buffer.from([0xc1])],
    ["text that is no UTF-8", Buffer.from([0xa1, 0xff])],
    ["a timestamp", pack({ at: new Date(0) })],
    ["NaN", pack({ n: Number.NaN })],
    ["a key that is no text", pack(new Map([[1, 2]]))],
    ["two values", Buffer.from([0x80, 0x80])],
    ["a value that breaks off", pack({ payload: { text: "hello" } }).subarray(0, -1)],
  ])("%s", async (_, body) => {
    expect(await refused(() => sendBytes("/plain", body))).toEqual(INVALID);
  });

  test("msgpack that is called JSON", async () => {
    expect(await refused(() => sendBytes("/plain", pack(fixture.envelope()), "application/json"))).toEqual({
      status: 422,
      body: { error: "invalid JSON" },
    });
  });
});

/** The envelope with these bytes as its payload. */
function withPayload(payload: Buffer): Buffer {
  const { auth_data } = fixture.envelope();
  const key = (name: string): Buffer => pack(name);
  return Buffer.concat([Buffer.from([0x82]), key("auth_data"), pack(auth_data), key("payload"), payload]);
}

describe("a bomb is answered 422, the memory stays bounded, and the worker still serves", () => {
  const FULL = BODY_LIMIT - 1000;
  test.each<[string, () => Buffer]>([
    ["a list of 2^32 - 1", () => declared(LIST, 2 ** 32 - 1)],
    ["a map of 2^32 - 1", () => declared(MAP, 2 ** 32 - 1)],
    ["text of 2^32 - 1", () => declared(TEXT, 2 ** 32 - 1)],
    ["bytes of 2^32 - 1", () => declared(BYTES, 2 ** 32 - 1)],
    ["lists that each claim the rest", () => Buffer.alloc(FULL, declared(LIST, 1_000_000))],
    ["2^25 in each of 200 levels", () => Buffer.alloc(1000, declared(LIST, 2 ** 25))],
    ["a length of one more than there is", () => declared(LIST, 1001, Buffer.alloc(1000))],
    ["lists in lists", () => Buffer.alloc(FULL, 0x91)],
    ["maps in maps", () => Buffer.alloc(FULL, Buffer.from([0x81, 0xa0]))],
    ["millions of empty maps", () => declared(LIST, FULL, Buffer.alloc(FULL, 0x80))],
    ["millions of empty bytes", () => declared(LIST, FULL / 2, Buffer.alloc(FULL, Buffer.from([0xc4, 0])))],
  ])("%s", async (_, bomb) => {
    const before = await fixture.worker.memory();
    let peak = 0;
    const watching = setInterval(async () => {
      peak = Math.max(peak, await fixture.worker.memory());
    }, 20);
    expect(await refused(() => sendBytes("/plain", withPayload(bomb())))).toEqual(INVALID);
    expect(await refused(() => sendBytes("/plain", bomb()))).toEqual(INVALID);
    clearInterval(watching);
    expect((peak - before) / MIB).toBeLessThan(256);
  });

  test("as many small values as are taken are served, and their memory is given back or used again", async () => {
    const million = declared(LIST, 1_000_000, Buffer.alloc(1_000_000, 0x80));
    const payload = Buffer.concat([Buffer.from([0x81]), pack("maps"), million]);
    const sizes: number[] = [];
    for (let round = 1; round <= 6; round++) {
      expect(await sendBytes("/plain", withPayload(payload))).toMatchObject({ status: 200 });
      sizes.push(await fixture.worker.memory());
    }
    expect(fixture.model.last.body.length).toBe('{"maps":[]}'.length + 3_000_000 - 1);
    expect(Math.max(...sizes) / MIB).toBeLessThan(1536);
  });
});
