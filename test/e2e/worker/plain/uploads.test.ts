import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { read } from "../../../support/http-client.js";
import { errorOf, PlainFixture } from "../../../support/plain-fixture.js";

const KEY = "sk-uploader-1";
const MEGABYTE = 1024 * 1024;
const LIMIT = 64 * MEGABYTE;
const PATH = "/v1/audio/transcriptions";

const hash = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

let fixture: PlainFixture;
beforeAll(async () => {
  fixture = await PlainFixture.start({
    access: { mode: "apiKey", keys: [{ name: "uploader", key: KEY }] },
    config: { maxBodyBytes: LIMIT },
    handlers: [{ route: PATH, concurrency: 1, maxQueueTime: null, queue: "audio" }],
  });
});
afterAll(() => fixture.stop());

const TYPE = "multipart/form-data; boundary=part";

/** Begins an upload. */
function upload(headers: Readonly<Record<string, string | number>>): ClientRequest {
  const sending = request(fixture.worker.url + PATH, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": TYPE, ...headers },
    agent: false,
  });
  sending.on("error", () => {});
  return sending;
}

const answered = async (sending: ClientRequest) => {
  const [answer] = (await once(sending, "response")) as [IncomingMessage];
  return read(answer);
};

/** Keeps requests at the model: each is answered when the test says so. */
function holdModel(): {
  readonly held: { readonly request: IncomingMessage; answer(status?: number): void }[];
} {
  const held: { readonly request: IncomingMessage; answer(status?: number): void }[] = [];
  fixture.answers.set(PATH, (request, response) => {
    request.pause();
    // Its client has left.
    request.on("error", () => {});
    held.push({ request, answer: (status = 200) => void response.writeHead(status).end("{}") });
  });
  return { held };
}

const runningRequests = () => fixture.metric('tsworker_queue_running_requests{queue="audio"}');

describe("a body that is not JSON", () => {
  test.each([
    ["of known length", (bytes: Buffer) => ({ "content-length": bytes.length })],
    ["in chunks", () => ({ "transfer-encoding": "chunked" })],
  ])("%s reaches the model byte for byte, with its type", async (_, framing) => {
    const bytes = randomBytes(20 * MEGABYTE);
    let received: { readonly hash: string; readonly headers: IncomingMessage["headers"] } | undefined;
    fixture.answers.set(PATH, async (request, response) => {
      const digest = createHash("sha256");
      for await (const piece of request) digest.update(piece);
      received = { hash: digest.digest("hex"), headers: request.headers };
      response.end("{}");
    });
    const sending = upload(framing(bytes));
    sending.end(bytes);
    expect((await answered(sending)).status).toBe(200);
    expect(received?.hash).toBe(hash(bytes));
    expect(received?.headers).toMatchObject({ "content-type": TYPE, ...stringsOf(framing(bytes)) });
  });

  test("is not held: the client is paused while the model does not read, and the worker's memory stays small", async () => {
    const { held } = holdModel();
    const before = await fixture.worker.memory();
    const bytes = Buffer.alloc(60 * MEGABYTE, 1);
    const sending = upload({ "content-length": bytes.length });
    sending.end(bytes);
    await eventually(() => expect(held.length).toBe(1));
    // The system's buffers are full, and no more is taken.
    let waiting = -1;
    await eventually(() => {
      const now = sending.socket?.writableLength ?? 0;
      const isStill = now === waiting;
      waiting = now;
      expect(isStill && now > 0).toBe(true);
    });
    expect((await fixture.worker.memory()) - before).toBeLessThan(40 * MEGABYTE);
    let size = 0;
    held[0]?.request.on("data", (piece: Buffer) => {
      size += piece.length;
    });
    held[0]?.request.on("end", () => held[0]?.answer());
    held[0]?.request.resume();
    expect((await answered(sending)).status).toBe(200);
    expect(size).toBe(bytes.length);
  });

  test("waits at the client while its request is queued", async () => {
    const { held } = holdModel();
    const first = upload({ "content-length": 2 });
    first.end("ab");
    await eventually(() => expect(held.length).toBe(1));
    const bytes = randomBytes(10 * MEGABYTE);
    const second = upload({ "content-length": bytes.length });
    second.end(bytes);
    await eventually(async () =>
      expect(await fixture.metric('tsworker_queue_waiting_requests{queue="audio"}')).toBe(1),
    );
    held[0]?.answer();
    expect((await answered(first)).status).toBe(200);
    await eventually(() => expect(held.length).toBe(2));
    const pieces: Buffer[] = [];
    held[1]?.request.on("data", (piece: Buffer) => pieces.push(piece)).on("end", () => held[1]?.answer());
    held[1]?.request.resume();
    expect((await answered(second)).status).toBe(200);
    expect(hash(Buffer.concat(pieces))).toBe(hash(bytes));
  });

  test("ends at the model when its client leaves, and the place is free", async () => {
    const { held } = holdModel();
    const sending = upload({ "content-length": 30 * MEGABYTE });
    sending.write(Buffer.alloc(MEGABYTE));
    await eventually(() => expect(held.length).toBe(1));
    const aborted = new Promise((resolve) => held[0]?.request.once("close", resolve));
    held[0]?.request.resume();
    sending.destroy();
    await aborted;
    expect(held[0]?.request.complete).toBe(false);
    await eventually(async () => expect(await runningRequests()).toBe(0));
  });

  test("may be answered by the model before it is whole", async () => {
    const { held } = holdModel();
    const sending = upload({ "content-length": 30 * MEGABYTE });
    sending.write(Buffer.alloc(MEGABYTE));
    await eventually(() => expect(held.length).toBe(1));
    held[0]?.answer(400);
    expect((await answered(sending)).status).toBe(400);
    sending.destroy();
    await eventually(async () => expect(await runningRequests()).toBe(0));
  });

  test("that turns out to be too large is refused with 413, and ends at the model", async () => {
    const { held } = holdModel();
    const sending = upload({ "transfer-encoding": "chunked" });
    sending.write(Buffer.alloc(MEGABYTE));
    await eventually(() => expect(held.length).toBe(1));
    held[0]?.request.resume();
    const reply = answered(sending);
    for (let sent = MEGABYTE; sent <= LIMIT; sent += MEGABYTE)
      if (!sending.write(Buffer.alloc(MEGABYTE))) await Promise.race([once(sending, "drain"), reply]);
    const { status } = await reply;
    expect(status).toBe(413);
    sending.destroy();
    await eventually(async () => expect(await runningRequests()).toBe(0));
  });

  test("that is announced as too large is refused before it is read", async () => {
    const before = fixture.received.length;
    const sending = upload({ "content-length": LIMIT + 1 });
    sending.flushHeaders();
    const reply = await answered(sending);
    expect({ status: reply.status, type: errorOf(reply).type }).toEqual({
      status: 413,
      type: "invalid_request_error",
    });
    sending.destroy();
    expect(fixture.received.length).toBe(before);
  });

  test("of a model that is gone is a 502", async () => {
    fixture.answers.set(PATH, (request) => request.socket.destroy());
    const sending = upload({ "content-length": 5 * MEGABYTE });
    sending.end(Buffer.alloc(5 * MEGABYTE));
    expect((await answered(sending)).status).toBe(502);
    await eventually(async () => expect(await runningRequests()).toBe(0));
  });
});

/** Headers as they are received. */
const stringsOf = (headers: Readonly<Record<string, string | number>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
