import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { createWebSocketReceiver, type StatelyInspectionEvent } from "@statelyai/inspect";
import { describe, expect, onTestFinished, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { createMachine } from "xstate";
import { chartOf } from "../../../../src/inspector/chart/machine-charts.js";
import type { Feed } from "../../../../src/inspector/recorder/frames.js";
import { statelyRelay } from "../../../../src/inspector/server/stately.js";
import { eventually } from "../../../support/eventually.js";
import { FakeFeed } from "../../../support/fake-feed.js";
import { freePort } from "../../../support/free-port.js";
import { AT, actorOf, errorOf, eventOf, requestOf } from "../../../support/inspect-frames.js";
import { statelyServer } from "../../../support/stately-server.js";
import { keptLog } from "../../support/kept-log.js";

const worker = createMachine({ id: "worker", initial: "loading", states: { loading: {}, ready: {} } });
const ACTORS = [
  actorOf({ ref: "x:0", id: "worker", kind: "worker", state: "loading" }),
  actorOf({ ref: "x:1", id: "edge", kind: "edge", parent: "x:0" }),
];

const workerFeed = (maxRecords?: number): FakeFeed =>
  new FakeFeed({ charts: { worker: chartOf(worker) }, actors: ACTORS }, maxRecords);

/** A relay that is ended with the test. */
function relayTo(url: string, feed: Feed) {
  const { log, lines, warnings } = keptLog();
  const relay = statelyRelay({ url, feed, log, firstPauseMs: 20 });
  onTestFinished(() => relay.close());
  return { relay, lines, warnings };
}

/** What Stately's own receiver gets, oldest first. */
function received(port: number): readonly StatelyInspectionEvent[] {
  const messages: StatelyInspectionEvent[] = [];
  createWebSocketReceiver({ server: `ws://127.0.0.1:${port}` }).subscribe((message) =>
    messages.push(message),
  );
  return messages;
}

const short = (message: StatelyInspectionEvent): string =>
  message.type === "@xstate.actor"
    ? `actor ${message.name}`
    : `${message.type.slice("@xstate.".length)} ${message.event.type}`;

/** A relay in the hands of the test. */
async function handRelay(onAttached: (socket: WebSocket) => void, port = 0) {
  const server = new WebSocketServer({ host: "127.0.0.1", port });
  await once(server, "listening");
  server.on("connection", onAttached);
  const stop = (): void => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  };
  onTestFinished(stop);
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, stop };
}

describe("through Stately's own relay and receiver", () => {
  test("come actors with parent, definition and state, and then what happens to them", async () => {
    const port = await freePort();
    await statelyServer(port);
    const messages = received(port);
    const feed = workerFeed();
    relayTo(`ws://127.0.0.1:${port}`, feed);
    await eventually(() => expect(feed.listeners).toBe(1));
    feed.emit([
      eventOf(1, {
        sender: "edge",
        event: "model.loaded",
        payload: { type: "model.loaded", seconds: 3 },
        state: "ready",
        context: { load: 7 },
      }),
      requestOf(2),
      errorOf(3),
    ]);
    await eventually(() => expect(messages).toHaveLength(4));
    const base = { rootId: "x:0", id: null, _version: "0.7.2" };
    expect(messages).toEqual([
      {
        ...base,
        type: "@xstate.actor",
        createdAt: String(AT),
        sessionId: "x:0",
        name: "worker",
        definition: JSON.stringify({
          id: "worker",
          initial: "loading",
          states: { loading: {}, ready: {} },
        }),
        snapshot: { status: "active", value: "loading" },
      },
      {
        ...base,
        type: "@xstate.actor",
        createdAt: String(AT),
        sessionId: "x:1",
        parentId: "x:0",
        name: "edge",
        definition: '{"id":"edge"}',
        snapshot: { status: "active" },
      },
      {
        ...base,
        type: "@xstate.event",
        createdAt: String(AT + 1),
        sessionId: "x:0",
        sourceId: "x:1",
        event: { type: "model.loaded", seconds: 3 },
      },
      {
        ...base,
        type: "@xstate.snapshot",
        createdAt: String(AT + 1),
        sessionId: "x:0",
        event: { type: "model.loaded", seconds: 3 },
        snapshot: { status: "active", value: "ready", context: { load: 7 } },
      },
    ]);
  });

  test("come after an outage the actors again, and what happened meanwhile", async () => {
    const port = await freePort();
    const stop = await statelyServer(port);
    const feed = workerFeed();
    const { warnings } = relayTo(`ws://127.0.0.1:${port}`, feed);
    const before = received(port);
    await eventually(() => expect(feed.listeners).toBe(1));
    feed.emit([eventOf(1)]);
    await eventually(() => expect(before.map(short)).toContain("event event.1"));
    await stop();
    await eventually(() => expect(feed.listeners).toBe(0));
    feed.emit([eventOf(2, { state: "loading" })]);
    await statelyServer(port);
    const after = received(port);
    await eventually(() => expect(feed.listeners).toBe(1), { timeoutMs: 60_000 });
    feed.emit([eventOf(3, { state: "loading" })]);
    await eventually(() =>
      expect(after.map(short)).toEqual([
        "actor worker",
        "actor edge",
        "event event.2",
        "snapshot event.2",
        "event event.3",
        "snapshot event.3",
      ]),
    );
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toMatchObject({ relay: `127.0.0.1:${port}` });
  });

  test("come the actors although the relay was not there at first", async () => {
    const port = await freePort();
    const feed = workerFeed();
    const { warnings } = relayTo(`ws://127.0.0.1:${port}`, feed);
    await eventually(() => expect(warnings()).toHaveLength(1));
    expect(warnings()[0]?.reason).toContain("ECONNREFUSED");
    expect(feed.listeners).toBe(0);
    await statelyServer(port);
    const messages = received(port);
    await eventually(() => expect(messages.map(short)).toEqual(["actor worker", "actor edge"]), {
      timeoutMs: 60_000,
    });
    expect(warnings()).toHaveLength(1);
  });
});

test("what the past no longer holds after an outage is counted", async () => {
  const sockets: WebSocket[] = [];
  const { url } = await handRelay((socket) => sockets.push(socket));
  const feed = workerFeed(2);
  const { lines } = relayTo(url, feed);
  await eventually(() => expect(feed.listeners).toBe(1));
  const [first] = sockets;
  const received = once(first ?? expect.fail(), "message");
  feed.emit([eventOf(1)]);
  await received;
  first?.terminate();
  await eventually(() => expect(feed.listeners).toBe(0));
  feed.emit([2, 3, 4, 5, 6].map((n) => eventOf(n)));
  await eventually(() => expect(sockets).toHaveLength(2));
  await eventually(() => expect(lines.at(-1)).toMatchObject({ missed: 3 }));
});

test("a relay that reads slowly misses the oldest messages, which are counted, and loses no actor", async () => {
  const messages: StatelyInspectionEvent[] = [];
  let slow: WebSocket | undefined;
  const { url } = await handRelay((socket) => {
    slow = socket;
    socket.pause();
    socket.on("message", (data) => messages.push(JSON.parse(String(data))));
  });
  const feed = workerFeed(1);
  const { relay, lines, warnings } = relayTo(url, feed);
  await eventually(() => expect(feed.listeners).toBe(1));
  const text = "x".repeat(2000);
  let n = 0;
  const burst = (count: number) =>
    Array.from({ length: count }, () => eventOf(++n, { payload: { text }, state: "loading" }));
  // More than the operating system's own buffers hold.
  for (let round = 0; round < 20; round += 1) {
    feed.emit(burst(500));
    await new Promise(setImmediate);
  }
  feed.emit([], { actors: [actorOf({ ref: "x:2", id: "late", kind: "queue", parent: "x:0" })] });
  feed.emit(burst(20_000));
  expect(warnings()).toHaveLength(1);
  slow?.resume();
  await eventually(() => expect(messages.map(short)).toContain(`snapshot event.${n}`));
  await eventually(() => expect(messages.map(short)).toContain("actor late"));
  expect(warnings()).toHaveLength(1);
  relay.close();
  const { dropped } = lines.at(-1) ?? expect.fail();
  const happened = messages.filter(({ type }) => type !== "@xstate.actor").length;
  // The late actor's first message is one of the dropped ones.
  expect(happened + Number(dropped)).toBe(2 * n + 1);
  expect(messages.length).toBeLessThan(2 * n);
});

describe("closing", () => {
  test("while it dials leaves nothing behind", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const accepted = once(server, "connection");
    const { relay, lines } = relayTo(
      `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
      workerFeed(),
    );
    const [socket] = await accepted;
    const ended = once(socket.on("error", () => {}).resume(), "close");
    relay.close();
    await ended;
    expect(lines).toEqual([]);
  });

  test("while it waits for the next attempt ends the attempts", async () => {
    const port = await freePort();
    const { relay, warnings } = relayTo(`ws://127.0.0.1:${port}`, workerFeed());
    await eventually(() => expect(warnings()).toHaveLength(1));
    relay.close();
    let attached = 0;
    await handRelay(() => {
      attached += 1;
    }, port);
    // Longer than the first attempts are apart.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(attached).toBe(0);
  });

  test("still sends what has just happened, closes, and waits for no peer", async () => {
    const texts: string[] = [];
    let closed: Promise<unknown[]> | undefined;
    const { url } = await handRelay((socket) => {
      closed = once(socket, "close");
      socket.on("message", (data) => texts.push(String(data)));
    });
    const feed = workerFeed();
    const { relay } = relayTo(url, feed);
    await eventually(() => expect(closed).toBeDefined());
    await eventually(() => expect(feed.listeners).toBe(1));
    feed.emit([eventOf(1, { event: "xstate.stop", status: "stopped" })]);
    relay.close();
    expect(feed.listeners).toBe(0);
    expect((await closed)?.[0]).toBe(1000);
    expect(texts.at(-1)).toContain('"status":"stopped"');
  });
});

test("a relay that accepts and breaks off at once is dialled less and less often", async () => {
  const times: number[] = [];
  const { url } = await handRelay((socket) => {
    times.push(performance.now());
    socket.terminate();
  });
  const { warnings } = relayTo(url, workerFeed());
  await eventually(() => expect(times.length).toBeGreaterThanOrEqual(6));
  const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  // Each is twice the one before, from 20 ms on, up to half of which is left out; a slow machine only adds to them.
  for (const [index, pause] of pauses.entries()) expect(pause).toBeGreaterThan((20 * 2 ** index) / 2 - 1);
  expect(warnings().length).toBeGreaterThan(0);
});
