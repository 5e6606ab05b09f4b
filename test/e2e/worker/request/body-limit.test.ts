import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { RawClient } from "../../../support/http-client.js";
import { servedByNode } from "../../../support/served-by.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const LIMIT = 100_000;
const MIB = 1024 * 1024;

/** A body of exactly this length. */
function bodyOf(fixture: WorkerFixture, length: number): Buffer {
  const { length: around } = fixture.envelopeBytes('{"text":""}');
  return fixture.envelopeBytes(`{"text":"${"x".repeat(length - around)}"}`);
}

/** Sends that many MiB as they are taken: made at once, they would keep the engine of this process waiting for seconds. */
async function sendMebibytes({ socket }: RawClient, count: number): Promise<void> {
  const piece = Buffer.alloc(MIB, "x");
  for (let sent = 0; sent < count; sent += 1) {
    await new Promise<void>((resolve) => socket.write(piece, () => resolve()));
  }
}

const chunkedHead = "POST /go HTTP/1.1\r\nhost: worker\r\ntransfer-encoding: chunked\r\n\r\n";
const headOf = (length: number): string =>
  `POST /go HTTP/1.1\r\nhost: worker\r\ncontent-length: ${length}\r\n\r\n`;
const inChunks = (body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from("\r\n0\r\n\r\n")]);

const REFUSAL =
  /^HTTP\/1\.1 413 [\s\S]*content-type: application\/json[\s\S]*\{"error":"the body is larger than (\d+) bytes"\}/;

describe("a worker with a limit of its own", () => {
  let fixture: WorkerFixture;
  beforeAll(async () => {
    fixture = await WorkerFixture.start({
      handlers: [{ route: "/go", allowParallelRequests: true }],
      config: { maxBodyBytes: LIMIT },
    });
  });
  afterEach(() => fixture.expectServing());
  afterAll(() => fixture.stop());

  const connected = (): Promise<RawClient> => RawClient.connect(fixture.worker.url);

  test("takes a body of exactly that length", async () => {
    const body = bodyOf(fixture, LIMIT);
    expect(body.length).toBe(LIMIT);
    expect(await fixture.ask("/go", { body })).toMatchObject({ status: 200 });
    const client = await connected();
    client.send(chunkedHead);
    client.send(inChunks(bodyOf(fixture, LIMIT)));
    await client.receives(/^HTTP\/1\.1 200 /);
    client.leave();
  });

  test("answers 413 to a body that is a byte longer, announced or not", async () => {
    const asked = fixture.model.requests.length;
    const reply = await fixture.ask("/go", { body: bodyOf(fixture, LIMIT + 1) });
    expect({ status: reply.status, body: reply.json() }).toEqual({
      status: 413,
      body: { error: `the body is larger than ${LIMIT} bytes` },
    });
    const client = await connected();
    client.send(chunkedHead);
    client.send(inChunks(bodyOf(fixture, LIMIT + 1)));
    await client.receives(REFUSAL);
    client.leave();
    expect(fixture.model.requests.length).toBe(asked);
  });

  test("answers before an announced body was sent", async () => {
    const client = await connected();
    client.send(headOf(LIMIT + 1));
    await client.receives(REFUSAL);
    client.leave();
  });

  test("answers as soon as a chunked body is too long, without waiting for its end", async () => {
    const client = await connected();
    client.send(chunkedHead);
    client.send(`${(10 * LIMIT).toString(16)}\r\n`);
    client.send(bodyOf(fixture, 10 * LIMIT).subarray(0, LIMIT + 1));
    await client.receives(REFUSAL);
    client.leave();
  });

  test("answers once, however much of the body follows, and the connection serves the next request", async () => {
    // Behind a chunked body uWebSockets.js reads no further request.
    const chunked = `${chunkedHead}${(50 * LIMIT).toString(16)}\r\n`;
    for (const head of [headOf(50 * LIMIT), ...(servedByNode ? [chunked] : [])]) {
      const client = await connected();
      client.send(head);
      client.send(bodyOf(fixture, 50 * LIMIT));
      if (head.startsWith(chunkedHead)) client.send("\r\n0\r\n\r\n");
      await client.receives(REFUSAL);
      client.send(fixture.requestBytes("/go"));
      await client.receives(/\}HTTP\/1\.1 200 [\s\S]*\r\n\r\n\{\}$/);
      expect(client.received.split("HTTP/1.1 ").length).toBe(3);
      client.leave();
    }
  });
});

describe("a worker without one", () => {
  let fixture: WorkerFixture;
  beforeAll(async () => {
    fixture = await WorkerFixture.start({ handlers: [{ route: "/go", allowParallelRequests: true }] });
  });
  afterEach(() => fixture.expectServing());
  afterAll(() => fixture.stop());

  test("takes 256 MiB and refuses a byte more", async () => {
    for (const [length, answer] of [
      [256 * MIB + 1, REFUSAL],
      [256 * MIB, /^$/],
    ] as const) {
      const client = await RawClient.connect(fixture.worker.url);
      client.send(headOf(length));
      await fixture.roundTrip();
      await client.receives(answer);
      client.leave();
    }
  });

  test("answers 413 to 300 MiB, announced, without holding any of them", async () => {
    const before = await fixture.worker.memory();
    const client = await RawClient.connect(fixture.worker.url);
    client.send(headOf(300 * MIB));
    await sendMebibytes(client, 300);
    await client.receives(REFUSAL);
    await eventually(() => client.socket.writableLength === 0);
    client.leave();
    expect((await fixture.worker.memory()) - before).toBeLessThan(64 * MIB);
  });

  test("answers 413 to 300 MiB in chunks", async () => {
    const [head = "", tail = ""] = fixture.envelopeBytes('{"text":"|"}').toString().split("|");
    const length = head.length + 300 * MIB + tail.length;
    const client = await RawClient.connect(fixture.worker.url);
    client.send(`${chunkedHead}${length.toString(16)}\r\n${head}`);
    await sendMebibytes(client, 300);
    client.send(`${tail}\r\n0\r\n\r\n`);
    await client.receives(REFUSAL, 90_000);
    client.leave();
  });
});
