import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { type Behaviour, plain, rawThenClose, silent } from "../../../support/raw-model.js";
import { acceptBare, SocketModel } from "../../../support/socket-model.js";
import { pair, type Sent, send } from "../../../support/socket-pair.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/ws", websocket: true, maxQueueTime: null },
      { route: "/quick", websocket: true, maxQueueTime: null, timeouts: { headersMs: 300 } },
      { route: "/silent", websocket: true, maxQueueTime: null, timeouts: { idleMs: 3000 } },
      { route: "/short", websocket: true, maxQueueTime: null, timeouts: { totalMs: 3000 } },
    ],
    config: { maxBodyBytes: 1024 * 1024 },
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** The client receives an error, the engine a report, and the next request its turn. */
async function fails({ client, sent }: Sent, code: number, reason: string): Promise<void> {
  expect(await client.isClosed()).toEqual({ code, reason });
  await fixture.expectReported(sent, "Error");
  const next = await pair(fixture, "/ws");
  next.client.socket.close(1000);
  await fixture.expectReported(next.sent, "Success");
  await eventually(() => expect(fixture.model.connections).toBeLessThanOrEqual(1));
}

const NOT_ACCEPTED = "the model is unreachable or did not accept the WebSocket";

const refusals: readonly [string, Behaviour, string][] = [
  ["answers 403", plain({ status: 403 }), "the model answered 403 instead of accepting the WebSocket"],
  ["answers 200", plain({ body: "{}" }), "the model answered 200 instead of accepting the WebSocket"],
  ["breaks off", rawThenClose("HTTP/1.1 101 Switch"), NOT_ACCEPTED],
  ["says nothing and closes", rawThenClose(""), NOT_ACCEPTED],
];

describe("a model that", () => {
  test.each(refusals)("%s: 4502", async (_, behaviour, reason) => {
    fixture.model.on("/ws", behaviour);
    const each = await send(fixture, "/ws");
    await each.client.isClosed();
    expect(each.client.messages).toEqual([JSON.stringify({ error: reason })]);
    await fails(each, 4502, reason);
  });

  test("is down: 4502", async () => {
    await fixture.model.stop();
    const each = await send(fixture, "/ws");
    await each.client.isClosed();
    await fixture.model.listen();
    await fails(each, 4502, NOT_ACCEPTED);
  });

  test("never accepts: 4504 after headersMs", async () => {
    fixture.model.on("/quick", silent);
    await fails(await send(fixture, "/quick"), 4504, "the model did not accept the WebSocket within 300 ms");
  });

  test("falls silent: 4504 after idleMs, and the model receives 1001", async () => {
    const { client, sent, end } = await pair(fixture, "/silent");
    end.socket.send("one");
    await fails({ client, sent }, 4504, "the model was silent for 3000 ms");
    expect(client.messages).toEqual(["one"]);
    expect(await end.isClosed()).toMatchObject({ code: 1001 });
  });

  test("takes too long in all: 4504", async () => {
    const { client, sent } = await pair(fixture, "/short");
    await fails({ client, sent }, 4504, "the request was not done within 3000 ms");
  });

  test("breaks off in the middle: every frame, then 4502", async () => {
    const { client, sent, end } = await pair(fixture, "/ws");
    for (let n = 0; n < 100; n++) end.socket.send(`${n}`);
    await client.receives(100);
    end.request.socket.destroy();
    await fails({ client, sent }, 4502, "the model broke the WebSocket off");
    expect(client.messages).toHaveLength(100);
  });

  test("sends a message larger than bodies may be: 4502", async () => {
    const { client, sent, end } = await pair(fixture, "/ws");
    end.socket.send("a".repeat(1024 * 1024 + 1));
    await fails({ client, sent }, 4502, "the model broke the WebSocket off");
  });

  test("sends what is no frame: 4502", async () => {
    fixture.model.on("/ws", (request) => {
      void acceptBare(request);
      request.socket.write(Buffer.from([0xff, 0xff, 0xff]));
    });
    await fails(await send(fixture, "/ws"), 4502, "the model broke the WebSocket off");
  });
});

describe("a model that closes", () => {
  test.each([
    ["with code and reason", [1000, "done"], { code: 1000, reason: "done" }],
    ["with a code of its own", [4999, "ü"], { code: 4999, reason: "ü" }],
    ["with 1013", [1013, "later"], { code: 1013, reason: "later" }],
    ["without a code", [], { code: 1005, reason: "" }],
  ] as const)("%s: the client receives the same behind all frames, a success", async (_, how, closed) => {
    const { client, sent, end } = await pair(fixture, "/ws");
    const [code, reason] = how;
    for (let n = 0; n < 200; n++) end.socket.send(`${n}`);
    end.socket.close(code, reason);
    expect(await client.isClosed()).toEqual(closed);
    expect(client.messages).toEqual(Array.from({ length: 200 }, (__, n) => `${n}`));
    await fixture.expectReported(sent, "Success");
  });

  test("at once is a success, too", async () => {
    fixture.model.on("/ws", new SocketModel(({ socket }) => socket.close(1000, "nothing")).accept);
    const { client, sent } = await send(fixture, "/ws");
    expect(await client.isClosed()).toEqual({ code: 1000, reason: "nothing" });
    await fixture.expectReported(sent, "Success");
  });
});
