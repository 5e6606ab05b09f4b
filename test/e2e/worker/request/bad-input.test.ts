import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { RawClient } from "../../../support/http-client.js";
import { servedByNode } from "../../../support/served-by.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/go", allowParallelRequests: true, maxQueueTime: null },
      { route: "/parsed", allowParallelRequests: true, maxQueueTime: null, requestParser: "unwrapInput" },
      {
        route: "/generated",
        allowParallelRequests: true,
        maxQueueTime: null,
        responseGenerator: "returnsUrl",
      },
      { route: "/sized", allowParallelRequests: true, maxQueueTime: null, workloadCalculator: "maxTokens" },
    ],
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** What a client receives that sends these bytes, until the connection is closed or an answer is whole. */
async function answerTo(bytes: Buffer | string, answer: RegExp): Promise<string> {
  const client = await RawClient.connect(fixture.worker.url);
  client.send(bytes);
  await client.receives(answer);
  client.leave();
  return client.received;
}

const body = (): Buffer => fixture.envelopeBytes("{}");
const post = (headers: string, bytes: Buffer | string = body(), version = "HTTP/1.1"): string =>
  `POST /go ${version}\r\n${headers}content-length: ${bytes.length}\r\n\r\n${bytes.toString("latin1")}`;

/** The refusal of a client that continues to send may be overtaken by the reset of its connection. */
const OVERTAKEN = /^(HTTP\/1\.1 431 |$)/;

describe("anything but HTTP/1.1 gets an error, and the connection is closed", () => {
  test.each<[string, () => Buffer | string, RegExp]>([
    ["HTTP/1.0", () => post("host: worker\r\n", body(), "HTTP/1.0"), /^HTTP\/1\.1 505 /],
    ["HTTP/2 without being asked", () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /^HTTP\/1\.1 (400|505) /],
    ["no host", () => post(""), /^HTTP\/1\.1 400 /],
    ["a TLS greeting", () => Buffer.from("16030100c8010000c40303", "hex"), /^HTTP\/1\.1 (400|505) /],
    ["text", () => "hello worker, how are you?\r\n\r\n", /^HTTP\/1\.1 (400|505) /],
    ["zeros", () => Buffer.alloc(1000), /^HTTP\/1\.1 (400|505) /],
    [
      "a length that is no number",
      () => "POST /go HTTP/1.1\r\nhost: w\r\ncontent-length: ten\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    [
      "a negative length",
      () => "POST /go HTTP/1.1\r\nhost: w\r\ncontent-length: -1\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    [
      "a length and chunks",
      () =>
        "POST /go HTTP/1.1\r\nhost: w\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    [
      "a chunk size that is no number",
      () => "POST /go HTTP/1.1\r\nhost: w\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    ["a header of 1 MB", () => post(`host: w\r\nx: ${"x".repeat(1_000_000)}\r\n`), OVERTAKEN],
    ["10,000 headers", () => post(`host: w\r\n${"x: 1\r\n".repeat(10_000)}`), OVERTAKEN],
    ["a path of 1 MB", () => `POST /${"x".repeat(1_000_000)} HTTP/1.1\r\nhost: w\r\n\r\n`, OVERTAKEN],
  ])("%s", async (_, bytes, answer) => {
    const asked = fixture.model.requests.length;
    const client = await RawClient.connect(fixture.worker.url);
    client.send(bytes());
    await client.isClosed();
    expect(client.received).toMatch(answer);
    expect(client.received).not.toMatch(/\.ts|\.js|node_modules|stack/i);
    expect(fixture.model.requests.length).toBe(asked);
  });
});

describe("what is odd but allowed is served", () => {
  test.each<[string, () => Buffer | string]>([
    ["15 KB of headers", () => post(`host: w\r\nx: ${"x".repeat(15_000)}\r\n`)],
    ["60 headers", () => post(`host: w\r\n${[...Array(60)].map((_, n) => `x-${n}: ${n}\r\n`).join("")}`)],
    ["the same header many times", () => post(`host: w\r\n${"accept: */*\r\n".repeat(50)}`)],
    ["an empty host", () => post("host: \r\n")],
    [
      "header bytes that are not ASCII",
      () => Buffer.from(post("host: w\r\nx-name: caf\xe9 \xff\r\n"), "latin1"),
    ],
    ["names in any case", () => post("HoSt: w\r\nCONTENT-TYPE: application/json\r\n")],
    [
      "a type and an encoding that do not fit",
      () => post("host: w\r\ncontent-type: image/png\r\naccept: nothing\r\n"),
    ],
  ])("%s", async (_, bytes) => {
    await answerTo(bytes(), /^HTTP\/1\.1 200 [\s\S]*\{\}$/);
  });
});

describe("a request for a responseGenerator has the URL", () => {
  /** The URL that the generator answers with. */
  async function urlFor(host: string): Promise<string | undefined> {
    const bytes = fixture.requestBytes("/generated?q=1").toString("latin1");
    const whole = /^HTTP\/1\.1 200 [\s\S]*\r\n(http:\S+)\r\n0\r\n\r\n$/;
    const sent = Buffer.from(bytes.replace("host: worker", `host: ${host}`), "latin1");
    return whole.exec(await answerTo(sent, whole))?.[1];
  }

  test.each(["[", "]", "user:pass@x", "", "a b", "x/y", "x?y", "x#y", "x:99999", "%zz", "\xff"])(
    "http://localhost where the client names %j, which is no host",
    async (host) => {
      expect(await urlFor(host)).toBe("http://localhost/generated?q=1");
    },
  );

  test.each(["worker", "203.0.113.7:41000", "[::1]:8080"])(
    "of the host that the client names: %s",
    async (host) => {
      expect(await urlFor(host)).toBe(`http://${host}/generated?q=1`);
    },
  );
});

describe("who is not the engine can neither keep the worker busy nor spoil its reports", () => {
  const unsigned = (more: object, payload: object = {}) => {
    const { auth_data } = fixture.envelope();
    return { auth_data: { ...auth_data, signature: "AAAA", ...more }, payload };
  };

  /** A request of a routed client is served, reported, and in the sums. */
  async function reportsGoOn(): Promise<void> {
    const before = fixture.engine.totals;
    const envelope = fixture.envelope({ max_tokens: 3 });
    expect(await fixture.ask("/sized", { body: envelope })).toMatchObject({ status: 200 });
    await fixture.expectReported(envelope, "Success");
    // Beside it there may be requests of earlier tests, of 100 each.
    await eventually(() => {
      const { newLoad, servedLoad } = fixture.engine.totals;
      expect([(newLoad - before.newLoad) % 100, (servedLoad - before.servedLoad) % 100]).toEqual([3, 3]);
    });
  }

  test("with a URL of 5 MB, of which no more than 16 KiB is looked at", async () => {
    const url = "\x7f".repeat(5_000_000);
    const replies = await Promise.all(
      Array.from({ length: 5 }, () => fixture.ask("/go", { body: unsigned({ url }) })),
    );
    for (const reply of replies) {
      expect(reply.status).toBe(422);
      expect(reply.json()).toEqual({ auth_data: "must be at most 16384 bytes" });
    }
    await reportsGoOn();
  });

  test.each(["request_idx", "reqnum"])("with a %s beyond any", async (key) => {
    const reply = await fixture.ask("/go", { body: unsigned({ [key]: 1e300 }) });
    expect(reply.status).toBe(422);
    expect(reply.json()).toMatchObject({ auth_data: { [key]: "must be an integer" } });
    await reportsGoOn();
  });

  test("with workloads beyond any: each counts as the usual 100", async () => {
    const before = fixture.engine.totals.rejectedLoad;
    for (const max_tokens of [1e308, 1e308, 1e300]) {
      const body = unsigned({}, { max_tokens });
      expect(await fixture.ask("/sized", { body })).toMatchObject({ status: 401 });
    }
    await reportsGoOn();
    await eventually(() => expect(fixture.engine.totals.rejectedLoad).toBe(before + 300));
  });
});

describe("deep nesting is no danger", () => {
  const deep = (open: string, close: string): string => `${open.repeat(100_000)}1${close.repeat(100_000)}`;
  test.each([
    ["arrays as the whole body", deep("[", "]"), 422],
    ["objects as the whole body", deep('{"a":', "}"), 422],
    ["arrays that are never closed", "[".repeat(100_000), 422],
    ["objects that are never closed", '{"a":'.repeat(100_000), 422],
  ])("%s", async (_, bytes, status) => {
    for (const route of ["/go", "/parsed"])
      expect(await fixture.ask(route, { body: bytes })).toMatchObject({ status });
  });

  test("in auth_data and beside it", async () => {
    const { auth_data, payload } = fixture.envelope();
    const auth = JSON.stringify(auth_data).replace("{", `{"deep":${"[".repeat(7000)}${"]".repeat(7000)},`);
    const bytes = `{"more":${deep('{"a":', "}")},"auth_data":${auth},"payload":${JSON.stringify(payload)}}`;
    expect(await fixture.ask("/go", { body: bytes })).toMatchObject({ status: 200 });
  });
});

describe("pipelined requests", () => {
  test("of which none has to wait are answered in order", async () => {
    const bad = "POST /go HTTP/1.1\r\nhost: w\r\ncontent-length: 1\r\n\r\n{";
    const received = await answerTo(
      `${bad}GET /nowhere HTTP/1.1\r\nhost: w\r\n\r\n${bad}`,
      /^HTTP\/1\.1 422 [\s\S]*HTTP\/1\.1 404 [\s\S]*HTTP\/1\.1 422 [\s\S]*\}$/,
    );
    expect(received.split("HTTP/1.1 ").length).toBe(4);
  });

  test.skipIf(servedByNode)(
    "that overtake an answer lose their connection, and the first one counts as cancelled, once",
    async () => {
      // uWebSockets.js knows no pipelining of answers that take time, and closes the connection.
      const first = fixture.envelope();
      const client = await RawClient.connect(fixture.worker.url);
      const bytes = post("host: w\r\n", Buffer.from(JSON.stringify(first)));
      client.send(bytes + post("host: w\r\n"));
      await client.isClosed();
      await fixture.expectReported(first, "Cancelled");
    },
  );

  test.runIf(servedByNode)("that overtake an answer are answered one after the other", async () => {
    const client = await RawClient.connect(fixture.worker.url);
    client.send(post("host: w\r\n") + post("host: w\r\n"));
    await client.receives(/(?:HTTP\/1\.1 200 [\s\S]*){2}/);
    client.leave();
  });
});

test("random bytes, and requests with random damage, do no harm", async () => {
  let state = 7;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const good = fixture.requestBytes("/go");
  for (let round = 0; round < 10; round++) {
    const clients = await Promise.all(
      Array.from({ length: 40 }, () => RawClient.connect(fixture.worker.url)),
    );
    for (const client of clients) {
      // Every damaged one is a request of its own, so that the engine may count them.
      const bytes =
        random(3) === 0 ? Buffer.alloc(1 + random(2000)) : Buffer.from(fixture.requestBytes("/go"));
      const damage = bytes.length === good.length ? 1 + random(5) : bytes.length;
      for (let n = 0; n < damage; n++) bytes[random(bytes.length)] = random(256);
      client.send(bytes.subarray(0, random(4) === 0 ? random(bytes.length) : bytes.length));
    }
    await fixture.roundTrip();
    for (const client of clients) client.leave();
  }
  await fixture.roundTrip();
});
