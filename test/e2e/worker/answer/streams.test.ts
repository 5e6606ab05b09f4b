import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { open, read } from "../../../support/http-client.js";
import {
  type Behaviour,
  chunkBytes,
  headBytes,
  LAST_CHUNK,
  type ModelRequest,
} from "../../../support/raw-model.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/go", allowParallelRequests: true, maxQueueTime: null },
      { route: "/once", allowParallelRequests: true },
      { route: "/many", allowParallelRequests: true, maxQueueTime: null },
    ],
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

const CHUNKED = ["transfer-encoding", "chunked"];
const nextPiece = async (answer: IncomingMessage): Promise<string> => {
  const [bytes] = (await once(answer, "data")) as [Buffer];
  return bytes.toString();
};
const openStream = () => open(`${fixture.worker.url}/go`, { body: fixture.envelope() });

describe("each piece is passed on as soon as it arrives", () => {
  /** How the model frames a piece, and the end. */
  interface Framing {
    readonly headers: readonly string[];
    readonly frame: (piece: string) => Buffer;
    readonly end: (request: ModelRequest) => void;
  }
  const inChunks = (type: string): Framing => ({
    headers: ["content-type", type, ...CHUNKED],
    frame: chunkBytes,
    end: ({ socket }) => socket.write(LAST_CHUNK),
  });
  const pieces = Array.from({ length: 20 }, (_, n) => `data: ${n}\n\n`);
  const untilClosed: Framing = {
    headers: ["content-type", "text/plain"],
    frame: Buffer.from,
    end: ({ socket }) => socket.end(),
  };
  const ofKnownLength: Framing = {
    headers: ["content-type", "text/event-stream", "content-length", String(pieces.join("").length)],
    frame: Buffer.from,
    end: () => {},
  };

  test.each<[string, Framing]>([
    ["text/event-stream", inChunks("text/event-stream")],
    ["text/event-stream with a charset", inChunks("text/event-stream; charset=utf-8")],
    ["Text/Event-Stream", inChunks("Text/Event-Stream")],
    ["application/x-ndjson", inChunks("application/x-ndjson")],
    ["application/jsonl", inChunks("application/jsonl")],
    ["anything with stream in its name", inChunks("application/vnd.amazon.eventstream")],
    ["chunked JSON", inChunks("application/json")],
    ["events of known length", ofKnownLength],
    ["an answer that ends with the connection", untilClosed],
  ])("%s", async (_, { headers, frame, end }) => {
    // The model sends the next piece only when the client has the one before.
    const [first = "", ...others] = pieces;
    let request: ModelRequest | undefined;
    fixture.model.on("/go", (asked) => {
      request = asked;
      asked.socket.write(Buffer.concat([headBytes(200, headers), frame(first)]));
    });
    const answer = await openStream();
    const received = [await nextPiece(answer)];
    for (const piece of others) {
      request?.socket.write(frame(piece));
      received.push(await nextPiece(answer));
    }
    if (request !== undefined) end(request);
    expect((await read(answer)).complete).toBe(true);
    expect(received).toEqual(pieces);
  });
});

test("200 streams at once, each whole and in order", async () => {
  const STREAMS = 200;
  const EVENTS = 50;
  const event = (id: unknown, n: number): string => `data: {"id": ${String(id)}, "n": ${n}}\n\n`;
  const requests: ModelRequest[] = [];
  // No stream begins before all are there, and then they take turns.
  fixture.model.on("/many", (request) => {
    requests.push(request);
    if (requests.length < STREAMS) return;
    for (const { socket } of requests) {
      socket.write(headBytes(200, ["content-type", "text/event-stream", ...CHUNKED]));
    }
    let n = 0;
    const next = (): void => {
      for (const { socket, body } of requests) {
        const { id } = JSON.parse(body.toString()) as { id: number };
        socket.write(n < EVENTS ? chunkBytes(event(id, n)) : LAST_CHUNK);
      }
      if (n++ < EVENTS) setImmediate(next);
    };
    next();
  });
  const replies = await Promise.all(
    Array.from({ length: STREAMS }, (_, id) => fixture.post("/many", { id })),
  );
  replies.forEach(({ status, body, complete }, id) => {
    const expected = Array.from({ length: EVENTS }, (_, n) => event(id, n)).join("");
    expect({ status, complete, text: body.toString() }).toEqual({
      status: 200,
      complete: true,
      text: expected,
    });
  });
});

test("streams do not get in each other's way: silent ones delay no other", async () => {
  fixture.model.on("/many", ({ socket }) => {
    socket.write(Buffer.concat([headBytes(200, CHUNKED), chunkBytes("first")]));
  });
  const silent = await Promise.all(
    Array.from({ length: 150 }, () => open(`${fixture.worker.url}/many`, { body: fixture.envelope() })),
  );
  fixture.model.on("/go", ({ socket }) => {
    socket.write(Buffer.concat([headBytes(200, CHUNKED), chunkBytes("quick"), Buffer.from(LAST_CHUNK)]));
  });
  expect((await fixture.post("/go")).body.toString()).toBe("quick");
  for (const answer of silent) answer.destroy();
});

describe("a stream that the model breaks off ends visibly broken for the client", () => {
  const half = chunkBytes("data: 1\n\n");
  const cases: readonly [string, Behaviour, string][] = [
    [
      "chunked, closed without the last chunk",
      ({ socket }) => void socket.end(Buffer.concat([headBytes(200, CHUNKED), half])),
      "data: 1\n\n",
    ],
    [
      "chunked, reset",
      ({ socket }) =>
        void socket.write(Buffer.concat([headBytes(200, CHUNKED), half]), () =>
          setImmediate(() => socket.resetAndDestroy()),
        ),
      "data: 1\n\n",
    ],
    [
      "chunked, in the middle of a chunk",
      ({ socket }) =>
        void socket.end(Buffer.concat([headBytes(200, CHUNKED), half, Buffer.from("20\r\ndata: 2")])),
      "data: 1\n\ndata: 2",
    ],
    [
      "chunked, with a size that is no number",
      ({ socket }) =>
        void socket.write(Buffer.concat([headBytes(200, CHUNKED), half, Buffer.from("zz\r\n")])),
      "data: 1\n\n",
    ],
    [
      "events, shorter than their length",
      ({ socket }) =>
        void socket.end(
          Buffer.concat([
            headBytes(200, ["content-type", "text/event-stream", "content-length", "100"]),
            Buffer.from("data: 1\n\n"),
          ]),
        ),
      "data: 1\n\n",
    ],
    [
      "large, shorter than its length",
      ({ socket }) =>
        void socket.end(
          Buffer.concat([headBytes(200, ["content-length", "100000"]), Buffer.alloc(90_000, "x")]),
        ),
      "x".repeat(90_000),
    ],
  ];
  test.each(cases)("%s", async (_, behaviour, sent) => {
    fixture.model.on("/go", behaviour);
    const body = fixture.envelope();
    const reply = await fixture.ask("/go", { body });
    expect({ status: reply.status, complete: reply.complete }).toEqual({ status: 200, complete: false });
    // What came before went on; the end may have been overtaken by the reset of the connection.
    expect(sent.startsWith(reply.body.toString())).toBe(true);
    expect(reply.body.toString()).not.toContain("error");
  });

  test("also before its first piece", async () => {
    fixture.model.on("/go", ({ socket }) => void socket.end(headBytes(200, CHUNKED)));
    const whole = await fixture.post("/go").then(
      ({ status, complete }) => status === 200 && complete,
      () => false,
    );
    expect(whole).toBe(false);
  });

  test("and counts as an error", async () => {
    fixture.model.on("/go", ({ socket }) => void socket.end(Buffer.concat([headBytes(200, CHUNKED), half])));
    const body = fixture.envelope();
    expect(await fixture.ask("/go", { body })).toMatchObject({ complete: false });
    await fixture.expectReported(body, "Error");
  });

  test("and is logged as one request", async () => {
    fixture.model.on(
      "/once",
      ({ socket }) => void socket.end(Buffer.concat([headBytes(200, CHUNKED), half])),
    );
    expect(await fixture.post("/once")).toMatchObject({ complete: false });
    await fixture.expectServing();
    await eventually(() => {
      const about = fixture.worker.lines.filter(({ msg, route }) => msg === "request" && route === "/once");
      expect(about).toMatchObject([{ outcome: "error" }]);
      // The next one was logged behind it.
      expect(fixture.worker.lines.at(-1)).toMatchObject({ route: "/alive" });
    });
  });
});
