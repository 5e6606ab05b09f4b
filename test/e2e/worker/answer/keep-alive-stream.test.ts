import type { IncomingMessage } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { open, read } from "../../../support/http-client.js";
import {
  chunkBytes,
  chunked,
  closed,
  headBytes,
  LAST_CHUNK,
  type ModelRequest,
  plain,
  silent,
} from "../../../support/raw-model.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const FREE = { allowParallelRequests: true, maxQueueTime: null } as const;
const KEPT = { ...FREE, sseKeepAliveMs: 100 } as const;
const COMMENT = ": keep-alive\n\n";
const STREAM = { stream: true } as const;
const EVENTS = ["content-type", "text/event-stream", "transfer-encoding", "chunked"];
const JSON_TYPE = ["content-type", "application/json"];

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/go", ...KEPT },
      { route: "/other", ...KEPT },
      { route: "/one", maxQueueTime: null, sseKeepAliveMs: 100 },
      { route: "/late", ...FREE, sseKeepAliveMs: 60_000 },
      { route: "/off", ...FREE },
      { route: "/hurried", ...KEPT, timeouts: { headersMs: 1000 } },
      { route: "/generated", ...KEPT, responseGenerator: "passOn" },
      { route: "/v1/messages", ...KEPT },
      { route: "/generate_stream", ...KEPT },
    ],
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** A client that keeps what it has received so far. */
class Reader {
  text = "";
  readonly answer: IncomingMessage;

  constructor(answer: IncomingMessage) {
    this.answer = answer;
    answer.setEncoding("utf8").on("data", (piece: string) => {
      this.text += piece;
    });
    answer.on("error", () => {});
  }

  get comments(): number {
    return this.text.split(COMMENT).length - 1;
  }

  /** What came without the comments. */
  get rest(): string {
    return this.text.replaceAll(COMMENT, "");
  }

  /** Waits for as many further comments. */
  async receivesComments(count: number): Promise<void> {
    const wanted = this.comments + count;
    await eventually(() => expect(this.comments).toBeGreaterThanOrEqual(wanted));
  }

  async receives(rest: string): Promise<void> {
    await eventually(() => expect(this.rest).toBe(rest));
  }

  /** @returns whether the answer came to its end, and was not broken off. */
  async ends(): Promise<boolean> {
    await eventually(() => this.answer.closed);
    return this.answer.complete;
  }
}

/** A client that requested a stream and has received a comment, and the model's side. */
async function begun(route: string, payload: Readonly<Record<string, unknown>> = STREAM) {
  const envelope = fixture.envelope(payload);
  const asked = new Promise<ModelRequest>((resolve) => fixture.model.on(route, resolve));
  const reader = new Reader(await open(fixture.worker.url + route, { body: envelope }));
  await reader.receivesComments(1);
  return { envelope, reader, model: await asked };
}

/** The model breaks off, and does so again for the second try on another connection. */
function breaksOff(route: string, { socket }: ModelRequest): void {
  fixture.model.on(route, (again) => void again.socket.destroy());
  socket.destroy();
}

const event = (error: object): string => `data: ${JSON.stringify({ error })}\n\ndata: [DONE]\n\n`;

describe("a client that requested a stream gets comments", () => {
  test("while it waits for the first token, and in gaps", async () => {
    const { envelope, reader, model } = await begun("/go");
    expect(reader.answer.headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      "x-accel-buffering": "no",
    });
    await reader.receivesComments(2);
    model.socket.write(Buffer.concat([headBytes(200, EVENTS), chunkBytes("data: 1\n\n")]));
    await reader.receives("data: 1\n\n");
    await reader.receivesComments(2);
    model.socket.write(Buffer.concat([chunkBytes("data: [DONE]\n\n"), Buffer.from(LAST_CHUNK)]));
    expect(await reader.ends()).toBe(true);
    expect(reader.rest).toBe("data: 1\n\ndata: [DONE]\n\n");
    await fixture.expectReported(envelope, "Success");
  });

  test("while it waits for its turn", async () => {
    fixture.model.on("/one", silent);
    const before = fixture.model.requests.length;
    const first = new Reader(await open(`${fixture.worker.url}/one`, { body: fixture.envelope(STREAM) }));
    const envelope = fixture.envelope(STREAM);
    const second = new Reader(await open(`${fixture.worker.url}/one`, { body: envelope }));
    await Promise.all([first.receivesComments(2), second.receivesComments(2)]);
    expect(fixture.model.requests.length).toBe(before + 1);
    fixture.model.on("/one", chunked(EVENTS.slice(0, 2), ["data: 2\n\n"]));
    first.answer.destroy();
    expect(await second.ends()).toBe(true);
    expect(second.rest).toBe("data: 2\n\n");
    await fixture.expectReported(envelope, "Success");
  });

  test("where a header requests it", async () => {
    fixture.model.on("/go", silent);
    const headers = { accept: "application/json, Text/Event-Stream;q=0.9" };
    const reader = new Reader(await open(`${fixture.worker.url}/go`, { body: fixture.envelope(), headers }));
    await reader.receivesComments(1);
    reader.answer.destroy();
  });

  test("never inside of an event", async () => {
    const [cut, other] = await Promise.all([begun("/go"), begun("/other")]);
    cut.model.socket.write(Buffer.concat([headBytes(200, EVENTS), chunkBytes("data: 1\n\ndata:")]));
    await cut.reader.receives("data: 1\n\ndata:");
    const { comments } = cut.reader;
    await other.reader.receivesComments(5);
    expect(cut.reader.comments).toBe(comments);
    cut.model.socket.write(chunkBytes(" 2\n\n"));
    await cut.reader.receivesComments(1);
    expect(cut.reader.rest).toBe("data: 1\n\ndata: 2\n\n");
    cut.reader.answer.destroy();
    other.reader.answer.destroy();
  });

  test("with a responseGenerator, too", async () => {
    const { reader, model } = await begun("/generated");
    model.socket.write(Buffer.concat([headBytes(200, EVENTS), chunkBytes("data: 1\n\n")]));
    await reader.receives("data: 1\n\n");
    await reader.receivesComments(1);
    model.socket.write(LAST_CHUNK);
    expect(await reader.ends()).toBe(true);
  });
});

describe("there are no comments", () => {
  test.each([
    ["for a client that did not ask for a stream", "/go", {}],
    ["for one that says so in other words", "/go", { stream: "yes" }],
    ["where the option is off", "/off", STREAM],
  ])("%s", async (_, route, payload) => {
    let request: ModelRequest | undefined;
    fixture.model.on(route, (asked) => {
      request = asked;
    });
    const answering = open(fixture.worker.url + route, { body: fixture.envelope(payload) });
    await eventually(() => request !== undefined);
    // Another client receives some meanwhile.
    const { reader } = await begun("/other");
    await reader.receivesComments(3);
    reader.answer.destroy();
    request?.socket.write(
      Buffer.concat([headBytes(200, EVENTS), chunkBytes("data: 1\n\n"), Buffer.from(LAST_CHUNK)]),
    );
    const reply = await read(await answering);
    expect(reply.body.toString()).toBe("data: 1\n\n");
    expect(reply.headers["content-type"]).toBe("text/event-stream");
  });
});

test("what is answered before a comment is due keeps its status", async () => {
  fixture.model.on("/late", plain({ status: 404, headers: JSON_TYPE, body: '{"error":"no model"}' }));
  expect(await fixture.post("/late", STREAM)).toMatchObject({ status: 404 });
  fixture.model.on("/late", ({ socket }) => void socket.destroy());
  expect(await fixture.post("/late", STREAM)).toMatchObject({ status: 502 });
  fixture.model.on("/late", plain({ headers: JSON_TYPE, body: '{"n":1}' }));
  const reply = await fixture.post("/late", STREAM);
  expect({ status: reply.status, body: reply.json() }).toEqual({ status: 200, body: { n: 1 } });
});

describe("a failure after the first comment is an event", () => {
  test("where the model breaks off before its answer", async () => {
    const { envelope, reader, model } = await begun("/go");
    breaksOff("/go", model);
    expect(await reader.ends()).toBe(true);
    expect(reader.rest).toMatch(
      /^data: \{"error":\{"message":"[^"]+","type":"server_error","code":502\}\}\n\ndata: \[DONE\]\n\n$/,
    );
    await fixture.expectReported(envelope, "Error");
  });

  test("where it takes too long", async () => {
    const { envelope, reader } = await begun("/hurried");
    expect(await reader.ends()).toBe(true);
    const message = "the model did not begin to answer within 1000 ms";
    expect(reader.rest).toBe(event({ message, type: "server_error", code: 504 }));
    await fixture.expectReported(envelope, "Error");
  });

  test("where it refuses, which is an answer of the model's", async () => {
    const { envelope, reader, model } = await begun("/go");
    const error = { message: "no such model", type: "NotFoundError", param: null, code: 404 };
    plain({ status: 404, headers: JSON_TYPE, body: JSON.stringify({ error }) })(model);
    expect(await reader.ends()).toBe(true);
    expect(reader.rest).toBe(event(error));
    await fixture.expectReported(envelope, "Success");
  });

  test("where it breaks off between two events", async () => {
    const { envelope, reader, model } = await begun("/go");
    model.socket.write(Buffer.concat([headBytes(200, EVENTS), chunkBytes("data: 1\n\n")]));
    await reader.receives("data: 1\n\n");
    model.socket.destroy();
    expect(await reader.ends()).toBe(true);
    expect(reader.rest).toMatch(/^data: 1\n\ndata: \{"error":.*"code":502\}\}\n\ndata: \[DONE\]\n\n$/s);
    await fixture.expectReported(envelope, "Error");
  });

  test("but in the middle of an event the stream is broken off", async () => {
    const { envelope, reader, model } = await begun("/go");
    model.socket.write(Buffer.concat([headBytes(200, EVENTS), chunkBytes("data: 1\n\ndata: 2")]));
    await reader.receives("data: 1\n\ndata: 2");
    model.socket.destroy();
    expect(await reader.ends()).toBe(false);
    expect(reader.rest).toBe("data: 1\n\ndata: 2");
    await fixture.expectReported(envelope, "Error");
  });

  test.each([
    [
      "/v1/messages",
      /^event: error\ndata: \{"type":"error","error":\{"type":"api_error","message":"[^"]+"\}\}\n\n$/,
    ],
    ["/generate_stream", /^event: error\ndata: \{"error":"[^"]+","error_type":"generation"\}\n\n$/],
  ])("in the shape of the server of %s", async (route, shape) => {
    const { reader, model } = await begun(route);
    breaksOff(route, model);
    expect(await reader.ends()).toBe(true);
    expect(reader.rest).toMatch(shape);
  });

  test("where the answer is neither a stream of events nor JSON", async () => {
    for (const answer of [
      plain({ headers: ["content-type", "audio/mpeg"], body: "ID3" }),
      chunked(["content-type", "audio/mpeg"], ["ID3"]),
    ]) {
      const { envelope, reader, model } = await begun("/go");
      await answer(model);
      expect(await reader.ends()).toBe(true);
      expect(reader.rest).toMatch(
        /^data: \{"error":\{"message":"the model's answer could not be .*"code":502/,
      );
      await fixture.expectReported(envelope, "Error");
    }
  });
});

test("JSON after the first comment is one event", async () => {
  for (const answer of [
    plain({ headers: JSON_TYPE, body: '{"n":1}' }),
    chunked(JSON_TYPE, ['{"n"', ":1}"]),
    plain({ headers: JSON_TYPE, body: `{"n":1${" ".repeat(100_000)}}` }),
  ]) {
    const { envelope, reader, model } = await begun("/go");
    await answer(model);
    expect(await reader.ends()).toBe(true);
    expect(reader.rest.replace(/ {9,}/, "")).toBe('data: {"n":1}\n\ndata: [DONE]\n\n');
    await fixture.expectReported(envelope, "Success");
  }
});

test("a client that leaves after the first comment is counted as cancelled, once, and the model is left", async () => {
  const { envelope, reader, model } = await begun("/go");
  reader.answer.destroy();
  await closed(model.socket);
  await fixture.expectReported(envelope, "Cancelled");
});

test("a client that reads nothing makes the model wait, and gets everything in the end", async () => {
  const { reader, model } = await begun("/go");
  reader.answer.pause();
  const PIECES = 400;
  const piece = Buffer.from(`data: ${"x".repeat(100_000)}\n\n`);
  let written = 0;
  model.socket.write(headBytes(200, EVENTS));
  const write = (): void => {
    while (written < PIECES) {
      written++;
      if (!model.socket.write(chunkBytes(piece))) return;
    }
    model.socket.off("drain", write);
    model.socket.write(LAST_CHUNK);
  };
  model.socket.on("drain", write);
  write();
  let before = -1;
  await eventually(
    () => {
      const isStill = before === written;
      before = written;
      return isStill;
    },
    { intervalMs: 300 },
  );
  expect(written).toBeLessThan(PIECES);
  reader.answer.resume();
  expect(await reader.ends()).toBe(true);
  expect(reader.rest.length).toBe(PIECES * piece.length);
});

test("a worker that stops sends the reason as an event", async () => {
  const own = await WorkerFixture.start({
    handlers: [{ route: "/go", ...KEPT }],
    config: { drainTimeout: 0.5 },
  });
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (!isStopped) await own.stop();
    isStopped = true;
  };
  onTestFinished(stop);
  own.model.on("/go", silent);
  const envelope = own.envelope(STREAM);
  const reader = new Reader(await open(`${own.worker.url}/go`, { body: envelope }));
  await reader.receivesComments(1);
  const stopping = stop();
  expect(await reader.ends()).toBe(true);
  expect(reader.rest).toBe(
    event({ message: "the worker stopped before the request was done", type: "server_error", code: 503 }),
  );
  await stopping;
  expect(own.engine.ended.map(({ status }) => status)).toContain("Error");
});
