import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { RawClient } from "../../../support/http-client.js";
import { silent } from "../../../support/raw-model.js";
import { frameBytes, SocketClient, upgradeBytes } from "../../../support/socket-client.js";
import { SocketModel } from "../../../support/socket-model.js";
import { pair, type Sent, send } from "../../../support/socket-pair.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

/** Three, and what a slow machine adds; without a limit of the worker's own it would be the 30 s of `ws`. */
const FEW_SECONDS = { timeoutMs: 20_000 };

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [{ route: "/ws", websocket: true, maxQueueTime: null }],
  });
});
beforeEach(() => fixture.model.on("/ws", new SocketModel().accept));
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** The next one gets its turn, so the place was given up. */
async function nextIsServed(): Promise<void> {
  const { client, sent } = await pair(fixture, "/ws");
  client.socket.close(1000);
  await fixture.expectReported(sent, "Success");
}

const ways: readonly [string, (sent: Sent) => void][] = [
  ["vanishes", ({ client }) => client.vanish()],
  ["closes", ({ client }) => client.socket.close(1000)],
];

describe.each(ways)("a client that %s", (_, leave) => {
  test("before its envelope arrived was never admitted", async () => {
    const before = fixture.worker.lines.length;
    const client = await SocketClient.connect(`${fixture.worker.url}/ws`);
    leave({ client, sent: fixture.envelope() });
    await client.isClosed();
    await eventually(() => {
      const line = fixture.worker.lines.slice(before).find(({ outcome }) => outcome === "cancelled");
      expect(line).toMatchObject({ msg: "request", route: "/ws" });
      expect(line).not.toHaveProperty("workload");
    });
    await nextIsServed();
  });

  test("while it waits for its turn is cancelled, and the model is never called", async () => {
    const running = await pair(fixture, "/ws");
    const asked = fixture.model.requests.length;
    const waiting = await send(fixture, "/ws");
    waiting.client.send("kept");
    await fixture.roundTrip();
    leave(waiting);
    await fixture.expectReported(waiting.sent, "Cancelled");
    running.client.socket.close(1000);
    await fixture.expectReported(running.sent, "Success");
    expect(fixture.model.requests).toHaveLength(asked);
    await nextIsServed();
  });

  test("while the model is dialled is cancelled, and the connection to the model is closed", async () => {
    fixture.model.on("/ws", silent);
    const asked = fixture.model.requests.length;
    const each = await send(fixture, "/ws");
    await eventually(() => fixture.model.requests.length === asked + 1);
    const { socket } = fixture.model.last;
    leave(each);
    await eventually(() => socket.destroyed || socket.readableEnded);
    await fixture.expectReported(each.sent, "Cancelled");
    await nextIsServed();
  });
});

describe("a client that has the model", () => {
  test("and vanishes is cancelled, and the model receives the close code of a peer that goes away", async () => {
    const { client, sent, end } = await pair(fixture, "/ws");
    client.vanish();
    expect(await end.isClosed()).toEqual({ code: 1001, reason: "" });
    await fixture.expectReported(sent, "Cancelled");
    await nextIsServed();
  });

  test.each([
    ["with code and reason", [1000, "bye"], { code: 1000, reason: "bye" }],
    ["with a code of its own", [4321, "ü"], { code: 4321, reason: "ü" }],
    ["without a code", [], { code: 1005, reason: "" }],
  ] as const)(
    "and closes %s: a success, and the model receives the same behind all frames",
    async (_, how, closed) => {
      const { client, sent, end } = await pair(fixture, "/ws");
      const [code, reason] = how;
      for (let n = 0; n < 200; n++) client.send(`${n}`);
      client.socket.close(code, reason);
      expect(await end.isClosed()).toEqual(closed);
      expect(end.messages).toEqual(Array.from({ length: 200 }, (__, n) => `${n}`));
      await fixture.expectReported(sent, "Success");
    },
  );

  test("and vanishes while the close is sent to a model that does not listen: the next does not wait", async () => {
    const { client, sent, end } = await pair(fixture, "/ws");
    end.socket.pause();
    client.vanish();
    await fixture.expectReported(sent, "Cancelled");
    await nextIsServed();
    await eventually(() => expect(fixture.model.connections).toBeLessThanOrEqual(2), FEW_SECONDS);
    end.socket.terminate();
  });
});

describe("a client that breaks the protocol is cut off", () => {
  const envelope = () => frameBytes(1, JSON.stringify(fixture.envelope()));

  test.each([
    ["a frame that is none", () => Buffer.alloc(64, 0xff)],
    ["a text that is no UTF-8 as its envelope", () => frameBytes(1, Buffer.from([0xc3, 0x28]))],
    [
      "a text that is no UTF-8 afterwards",
      () => Buffer.concat([envelope(), frameBytes(1, Buffer.from([0xff]))]),
    ],
    ["a continuation of nothing", () => frameBytes(0, "more")],
    [
      "a length beyond all bounds",
      () => Buffer.concat([Buffer.from([0x82, 0xff]), Buffer.alloc(8, 0x7f), Buffer.alloc(4)]),
    ],
    ["random bytes", () => Buffer.from("GET / HTTP/1.1\r\n\r\n".repeat(50))],
  ])("%s", async (_, bytes) => {
    const client = await RawClient.connect(fixture.worker.url);
    client.send(upgradeBytes("/ws"));
    await client.receives("101 ");
    client.send(bytes());
    await client.isClosed();
    await nextIsServed();
  });

  test("half a frame, and then nothing: it holds no place", async () => {
    const client = await RawClient.connect(fixture.worker.url);
    client.send(upgradeBytes("/ws"));
    await client.receives("101 ");
    client.send(envelope().subarray(0, 20));
    await fixture.roundTrip();
    await nextIsServed();
    client.leave();
  });
});

test("clients that come and go in great number leave nothing behind", async () => {
  for (let round = 0; round < 5; round++) {
    const clients = await Promise.all(Array.from({ length: 30 }, () => send(fixture, "/ws")));
    await fixture.roundTrip();
    for (const { client } of clients) client.vanish();
    for (const { sent } of clients) await fixture.expectReported(sent, "Cancelled");
  }
  await nextIsServed();
  await eventually(() => expect(fixture.model.connections).toBeLessThanOrEqual(1));
});
