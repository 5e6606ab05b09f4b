import type { Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { scraped } from "../../../support/metrics-text.js";
import { type Behaviour, chunked, headBytes, plain, raw, silent } from "../../../support/raw-model.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/go", allowParallelRequests: true },
      { route: "/serial" },
      { route: "/slow", allowParallelRequests: true, timeouts: { headersMs: 200 } },
    ],
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

const retriesOf = async (route: string): Promise<number | undefined> =>
  (await scraped(fixture.worker)).get(`tsworker_model_retries_total{route="${route}"}`);

/** Connections that an answer went over. */
const known = new Set<Socket>();

/** Answers, or does this on connections over which an answer went before. */
const onReused =
  (behaviour: Behaviour): Behaviour =>
  (request) => {
    if (known.has(request.socket)) return behaviour(request);
    known.add(request.socket);
    return plain({ body: "fresh" })(request);
  };

/** The worker has a connection that was used, and no other. */
async function hasOneUsed(): Promise<void> {
  fixture.model.on("/go", onReused(plain()));
  await fixture.post("/go");
  known.add(fixture.model.last.socket);
}

describe("a request on a kept connection that the model ends at that moment is answered over another one", () => {
  test.each<[string, Behaviour]>([
    ["closes it", ({ socket }) => void socket.end()],
    ["resets it", ({ socket }) => void socket.resetAndDestroy()],
    ["sends an answer without a request", raw("null")],
  ])("when it %s", async (_, behaviour) => {
    for (const route of ["/go", "/serial"]) {
      await hasOneUsed();
      const before = Number(await retriesOf(route));
      fixture.model.on(route, onReused(behaviour));
      const body = fixture.envelope({ route });
      const reply = await fixture.ask(route, { body });
      expect({ status: reply.status, text: reply.body.toString() }).toEqual({ status: 200, text: "fresh" });
      await fixture.expectReported(body, "Success");
      expect(await retriesOf(route)).toBe(before + 1);
      expect(fixture.model.bodiesAt(route).slice(-2)).toEqual([{ route }, { route }]);
      fixture.model.on(route, plain());
    }
  });
});

test("a request that takes too long on a kept connection is 504, and sent once", async () => {
  await hasOneUsed();
  fixture.model.on("/slow", silent);
  const { length } = fixture.model.requests;
  expect(await fixture.post("/slow")).toMatchObject({ status: 504 });
  expect(fixture.model.requests).toHaveLength(length + 1);
  expect(await retriesOf("/slow")).toBe(0);
});

test("a request whose answer breaks off on a kept connection is 502, and sent once", async () => {
  await hasOneUsed();
  fixture.model.on("/go", ({ socket }) => void socket.end("HTTP/1.1 20"));
  const { length } = fixture.model.requests;
  const before = await retriesOf("/go");
  expect(await fixture.post("/go")).toMatchObject({ status: 502 });
  expect(fixture.model.requests).toHaveLength(length + 1);
  expect(await retriesOf("/go")).toBe(before);
});

describe("a body behind an answer that has none is discarded", () => {
  test.each([
    ["204", "HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\n", "null"],
    ["204 in chunks", "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n", "0\r\n\r\n"],
    ["204 that announces nothing", "HTTP/1.1 204 No Content\r\n\r\n", "null"],
    ["304", "HTTP/1.1 304 Not Modified\r\ncontent-length: 4\r\n\r\n", "null"],
  ])("%s", async (_, head, late) => {
    fixture.model.on("/serial", ({ socket, body }) => {
      if (body.includes("reset")) {
        socket.write(head);
        setTimeout(() => socket.write(late), 5);
      } else setTimeout(() => void plain({ body: "mine" })({ socket } as never), 20);
    });
    const first = fixture.post("/serial", { reset: true });
    const second = fixture.post("/serial", { n: 2 });
    expect([(await first).status, (await first).body.length]).toEqual([Number(head.slice(9, 12)), 0]);
    expect([(await second).status, (await second).body.toString()]).toEqual([200, "mine"]);
  });
});

test.each([
  ["the same length twice in a line", ["content-length", "11, 11"], 200],
  ["the same length in two lines", ["content-length", "11", "Content-Length", "11"], 200],
  ["two lengths in a line", ["content-length", "11, 12"], 502],
  ["two lengths in two lines", ["content-length", "11", "content-length", "12"], 502],
])("an answer with %s", async (_, headers, status) => {
  fixture.model.on("/go", raw(Buffer.concat([headBytes(200, headers), Buffer.from('{"ok":true}')])));
  const reply = await fixture.post("/go");
  expect(reply.status).toBe(status);
  if (status === 200) expect([reply.body.toString(), reply.complete]).toEqual(['{"ok":true}', true]);
});

test("16 clients get every stream of a model that closes each connection just after its stream", async () => {
  const events = Array.from({ length: 4 }, (_, n) => `data: {"t":${n}}\n\n`);
  const headers = ["content-type", "text/event-stream", "keep-alive", "timeout=5, max=100"];
  const stream = chunked(headers, events);
  fixture.model.on("/go", (request) => {
    void stream(request);
    const answered = performance.now();
    const end = (): void => {
      if (performance.now() - answered > 0.15) request.socket.end();
      else setImmediate(end);
    };
    setImmediate(end);
  });
  const client = async (): Promise<void> => {
    for (let round = 0; round < 40; round++) {
      const reply = await fixture.post("/go");
      expect({ status: reply.status, text: reply.body.toString() }).toEqual({
        status: 200,
        text: events.join(""),
      });
    }
  };
  await Promise.all(Array.from({ length: 16 }, client));
  fixture.model.on("/go", plain());
});
