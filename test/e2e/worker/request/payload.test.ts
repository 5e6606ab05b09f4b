import { createHash, randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { RawClient } from "../../../support/http-client.js";
import { headBytes, plain } from "../../../support/raw-model.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/go", allowParallelRequests: true },
      { route: "/parsed", allowParallelRequests: true, requestParser: "unwrapInput" },
    ],
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

/** What the model gets when a client sends this body. */
async function atTheModel(body: Buffer | string, route = "/go", headers = {}): Promise<Buffer> {
  expect(await fixture.ask(route, { body, headers })).toMatchObject({ status: 200 });
  return fixture.model.last.body;
}

describe("the payload reaches the model byte by byte as the client wrote it", () => {
  test.each<[string, Buffer | string]>([
    ["nothing in it", "{}"],
    [
      "integers beyond 2^53",
      '{"seed":9007199254740993,"more":[123456789012345678901234567890,-18446744073709551616]}',
    ],
    ["numbers in all their spellings", '{"a":1.0,"b":1e5,"c":-0,"d":0.1000,"e":1E+400,"f":5e-324}'],
    ["the order of keys, numeric ones too", '{"z":1,"10":2,"2":3,"a":4,"1":5}'],
    ["__proto__ and its like", '{"__proto__":{"a":1},"constructor":{"prototype":{"b":2}},"toString":null}'],
    ["duplicate keys", '{"a":1,"a":2,"b":{"c":1,"c":[]}}'],
    ["escapes", '{"a":"\\u00e9\\/\\n\\"\\\\\\ud83d\\ude00","\\u0061":"\\\\","b":"\\\\\\\\"}'],
    ["lone surrogates, escaped", '{"a":"\\ud800 \\udfff"}'],
    ["characters that are not ASCII", '{"é":"ü 漢字 \u{1f600} \u2028 \u007f \ufeff"}'],
    ["blanks and line breaks", '{ "a" :\t[ 1 ,\r\n2 ] ,\n"b" : { } }'],
    ["brackets, quotes and commas in strings", '{"a":"}]{[,:\\"","b":["\\\\\\"}"],"c":"\\\\"}'],
    ["keys named payload and auth_data", '{"payload":{"payload":1},"auth_data":{"cost":"5"},"session_id":7}'],
    [
      "strings of 64 characters and around",
      JSON.stringify(Object.fromEntries([...Array(12)].map((_, n) => [`k${n}`, '"'.repeat(28 + n)]))),
    ],
    [
      "strings that end in escapes, far off",
      JSON.stringify([..."12345"].map((n) => "\\".repeat(200 + Number(n)))).replace(/^(.*)$/, '{"a":$1}'),
    ],
    ["100,000 levels", `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    ["100,000 keys", `{${[...Array(100_000)].map((_, n) => `"k${n}":${n}`).join()}}`],
  ])("%s", async (_, payload) => {
    const received = await atTheModel(fixture.envelopeBytes(payload));
    expect(received.equals(Buffer.from(payload))).toBe(true);
  });

  test("at any position in the envelope", async () => {
    const auth = (): string => JSON.stringify(fixture.envelope().auth_data);
    const payload = '{"n":9007199254740993}';
    for (const body of [
      `{"payload":${payload},"auth_data":${auth()}}`,
      `{"session_id":null,"auth_data":${auth()},"payload":${payload},"more":"\\"payload\\":{}"}`,
      ` { "a" : [{"payload":{}}] , "auth_data" : ${auth()} , "payload" : ${payload} } `,
      `{"auth_data":${auth().replace("{", '{"payload":{"not":"this"},"x":"\\"payload\\":",')},"payload":${payload}}`,
      `{"auth_data":${auth()},"\\u0070ayload":${payload}}`,
      `{"payload":{"not":"this"},"auth_data":${auth()},"payload":${payload}}`,
      `{"\\u0070ayload":{"not":"this"},"payload":${payload},"auth_data":${auth()},"xpayload":1,"payloadx":2}`,
    ]) {
      expect((await atTheModel(body)).toString()).toBe(payload);
    }
  });

  test("of two payloads the last one counts, for the check as well", async () => {
    const auth = JSON.stringify(fixture.envelope().auth_data);
    const reply = await fixture.ask("/go", { body: `{"payload":{},"auth_data":${auth},"payload":[]}` });
    expect(reply).toMatchObject({ status: 422 });
  });

  test.each([
    ["in front of the payload", (text: string) => text.indexOf('{"text"')],
    ["in the payload", (text: string) => text.indexOf("xxx")],
    ["behind the payload", (text: string) => text.length - 1],
  ])("of a body in two packets, the second one from %s", async (_, cut) => {
    const payload = `{"text":"${"x".repeat(66_000)}"}`;
    const body = fixture.envelopeBytes(payload).toString();
    const client = await RawClient.connect(fixture.worker.url);
    client.send(`POST /go HTTP/1.1\r\nhost: worker\r\ncontent-length: ${body.length}\r\n\r\n`);
    client.send(body.slice(0, cut(body)));
    await fixture.roundTrip();
    client.send(body.slice(cut(body)));
    await client.receives("HTTP/1.1 200 ");
    client.leave();
    expect(fixture.model.last.body.toString()).toBe(payload);
  });

  test("with 50 MB", async () => {
    const payload = `{"image":"${randomBytes(37_500_000).toString("base64")}"}`;
    expect(payload.length).toBeGreaterThan(50_000_000);
    const received = await atTheModel(fixture.envelopeBytes(payload));
    const hash = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");
    expect(hash(received)).toBe(hash(payload));
  });
});

describe("a payload that went through a requestParser", () => {
  test("is what the parser returned", async () => {
    const body = fixture.envelopeBytes('{"input": {"é": "\u{1f600}", "n": [1, 2.5, null]}, "other": 1}');
    expect((await atTheModel(body, "/parsed")).toString()).toBe('{"é":"\u{1f600}","n":[1,2.5,null]}');
  });

  test("keeps a key named __proto__, and no prototype changes by it", async () => {
    const body = fixture.envelopeBytes('{"input": {"__proto__": {"polluted": true}, "a": 1}}');
    expect((await atTheModel(body, "/parsed")).toString()).toBe('{"__proto__":{"polluted":true},"a":1}');
    expect((await atTheModel(fixture.envelopeBytes('{"input": {}}'), "/parsed")).toString()).toBe("{}");
  });

  test("that is nested too deeply to be written again is answered 422", async () => {
    const asked = fixture.model.requests.length;
    const payload = `{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    const reply = await fixture.ask("/parsed", { body: fixture.envelopeBytes(payload) });
    expect({ status: reply.status, body: reply.json() }).toEqual({
      status: 422,
      body: { payload: { data: "nested too deeply" } },
    });
    expect(fixture.model.requests.length).toBe(asked);
  });
});

describe("the model is called", () => {
  test("by POST on the same path, with JSON of a known length, and gets nothing of the client", async () => {
    const secrets = {
      authorization: "Bearer api-key-of-the-client",
      "proxy-authorization": "Basic eA==",
      cookie: "session=1",
      "x-forwarded-for": "10.0.0.1",
      "x-api-key": "another",
      "user-agent": "the client",
    };
    await fixture.ask("/go?api_key=secret&x=1", { body: fixture.envelope({ a: 1 }), headers: secrets });
    const { head, headers, body } = fixture.model.last;
    expect(head.split("\r\n")[0]).toBe("POST /go?x=1 HTTP/1.1");
    expect(body.toString()).toBe('{"a":1}');
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("content-length")).toBe("7");
    expect(headers.get("host")).toBe(`127.0.0.1:${fixture.model.port}`);
    const allowed = ["host", "connection", "accept", "content-type", "content-length"];
    expect([...headers.keys()].filter((name) => !allowed.includes(name))).toEqual([]);
    expect(head).not.toMatch(/secret|api-key|another|client|session/);
  });

  test("over one connection for one request after the other", async () => {
    await fixture.post("/go");
    const { socket } = fixture.model.last;
    for (let turn = 1; turn <= 5; turn++) {
      await fixture.post("/go");
      expect(fixture.model.last.socket).toBe(socket);
    }
  });

  test("over another connection where it answered before it had read all of the request", async () => {
    // More than the buffers of both sides hold.
    const payload = `{"a":"${"x".repeat(50_000_000)}"}`;
    fixture.model.onHead("/go", ({ socket }) => {
      socket.pause();
      socket.write(Buffer.concat([headBytes(413, ["content-length", "9"]), latin1("too large")]));
    });
    const reply = await fixture.ask("/go", { body: fixture.envelopeBytes(payload) });
    expect({ status: reply.status, body: reply.body.toString() }).toEqual({ status: 413, body: "too large" });
    fixture.model.onHead("/go", undefined);
    fixture.model.on("/go", plain({ body: "next" }));
    expect((await fixture.post("/go")).body.toString()).toBe("next");
  });
});

describe("a request body may come", () => {
  // uWebSockets.js wants the request line in one piece.
  const requestLine = "POST /go HTTP/1.1\r\n";
  const head = `${requestLine}host: worker\r\n`;
  const chunk = (piece: Buffer): Buffer =>
    Buffer.concat([latin1(`${piece.length.toString(16)}\r\n`), piece, latin1("\r\n")]);

  async function answered(send: (client: RawClient, body: Buffer) => Promise<void> | void): Promise<void> {
    const payload = '{"text":"é漢","n":9007199254740993}';
    const client = await RawClient.connect(fixture.worker.url);
    await send(client, fixture.envelopeBytes(payload));
    await client.receives(/HTTP\/1\.1 200 /);
    expect(fixture.model.last.body.toString()).toBe(payload);
    client.leave();
  }

  test("in one chunk", () =>
    answered((client, body) => {
      client.send(
        Buffer.concat([
          latin1(`${head}transfer-encoding: chunked\r\n\r\n`),
          chunk(body),
          latin1("0\r\n\r\n"),
        ]),
      );
    }));

  test("in chunks of one byte", () =>
    answered((client, body) => {
      const chunks = [...body].map((byte) => chunk(Buffer.of(byte)));
      client.send(
        Buffer.concat([latin1(`${head}transfer-encoding: chunked\r\n\r\n`), ...chunks, latin1("0\r\n\r\n")]),
      );
    }));

  test("byte by byte, each in a packet of its own", () =>
    answered(async (client, body) => {
      client.send(requestLine);
      for (const byte of [...latin1(`host: worker\r\ncontent-length: ${body.length}\r\n\r\n`), ...body]) {
        client.send(Buffer.of(byte));
        await nextTurn();
      }
    }));

  test("in chunks and byte by byte", () =>
    answered(async (client, body) => {
      const whole = [
        latin1("host: worker\r\ntransfer-encoding: chunked\r\n\r\n"),
        chunk(body.subarray(0, 40)),
        chunk(body.subarray(40)),
        latin1("0\r\n\r\n"),
      ];
      client.send(requestLine);
      for (const byte of Buffer.concat(whole)) {
        client.send(Buffer.of(byte));
        await nextTurn();
      }
    }));

  test("after the worker's 100 Continue, for a client that expects it", () =>
    answered(async (client, body) => {
      client.send(`${head}expect: 100-continue\r\ncontent-length: ${body.length}\r\n\r\n`);
      await client.receives(/^HTTP\/1\.1 100 [^\r]*\r\n\r\n$/);
      client.send(body);
    }));
});
