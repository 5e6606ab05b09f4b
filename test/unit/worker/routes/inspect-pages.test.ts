import { unpack } from "msgpackr";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Feed, Frame, Hello, Tick } from "../../../../src/inspector/recorder/frames.js";
import { Pages } from "../../../../src/worker/routes/inspect-pages.js";
import { FakeClient } from "../../../support/socket-fakes.js";

const hello: Hello = {
  type: "hello",
  format: 1,
  version: "1.0.0",
  url: "http://127.0.0.1:3000",
  startedAt: 1,
  at: 2,
  charts: {},
  actors: [],
  actorsLeftOut: 0,
  records: [],
  samples: [],
  lanes: [],
  timers: [],
};
const tickOf = (at: number): Tick => ({
  type: "tick",
  at,
  actors: [],
  gone: [],
  actorsLeftOut: 0,
  records: [],
  leftOut: {},
});

/** A feed of ticks from the test, which counts its hellos. */
class CountingFeed implements Feed {
  readonly listeners = new Set<(tick: Tick) => void>();
  hellos = 0;

  hello(): Hello {
    this.hellos++;
    return hello;
  }

  subscribe(onTick: (tick: Tick) => void): () => void {
    this.listeners.add(onTick);
    return () => this.listeners.delete(onTick);
  }

  emit(tick: Tick): void {
    for (const listener of this.listeners) listener(tick);
  }
}

const framesOf = (client: FakeClient): readonly Frame[] =>
  client.messages.map((message) => unpack(message as Buffer) as Frame);
const timesOf = (client: FakeClient): readonly unknown[] =>
  framesOf(client).map((frame) => (frame.type === "hello" ? "hello" : frame.at));

let feed: CountingFeed;
let pages: Pages;
beforeEach(() => {
  vi.useFakeTimers();
  feed = new CountingFeed();
  pages = new Pages(feed);
});
afterEach(() => {
  pages.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function open(): { client: FakeClient; sink: ReturnType<Pages["accept"]> } {
  const client = new FakeClient();
  return { client, sink: pages.accept(client) };
}

test("a page gets a hello, and then what happens", () => {
  const { client } = open();
  feed.emit(tickOf(3));
  feed.emit(tickOf(4));
  expect(framesOf(client)).toEqual([hello, tickOf(3), tickOf(4)]);
});

test("the feed is listened to while a page is open, once for all of them", () => {
  expect(feed.listeners.size).toBe(0);
  const [first, second] = [open(), open()];
  expect(feed.listeners.size).toBe(1);
  first.sink.onClose(1001, "");
  feed.emit(tickOf(3));
  expect(timesOf(second.client)).toEqual(["hello", 3]);
  expect(timesOf(first.client)).toEqual(["hello"]);
  second.sink.onClose(1001, "");
  expect(feed.listeners.size).toBe(0);
});

test("pages that come at once share a hello, and one that comes later gets another", () => {
  open();
  open();
  expect(feed.hellos).toBe(1);
  feed.emit(tickOf(3));
  open();
  expect(feed.hellos).toBe(2);
});

test("a page that sends something is turned away", () => {
  const { client, sink } = open();
  sink.onFrame(Buffer.from("hi"), false);
  expect(client.closed).toEqual({ code: 4400, reason: "expected no messages from a page" });
  feed.emit(tickOf(3));
  expect(timesOf(client)).toEqual(["hello"]);
});

test("one page too many is refused with the reason, and gets in when another one has left", () => {
  const others = Array.from({ length: 32 }, open);
  expect(open().client.closed).toEqual({ code: 4429, reason: "expected at most 32 pages at once" });
  others[0]?.sink.onClose(1001, "");
  expect(open().client.closed).toBeUndefined();
});

describe("a page that has not read what it was sent", () => {
  test("gets later frames when it has", () => {
    const { client, sink } = open();
    client.hasRoom = false;
    feed.emit(tickOf(3));
    feed.emit(tickOf(4));
    feed.emit(tickOf(5));
    expect(timesOf(client)).toEqual(["hello", 3]);
    client.hasRoom = true;
    sink.onDrain();
    expect(timesOf(client)).toEqual(["hello", 3, 4, 5]);
    feed.emit(tickOf(6));
    expect(timesOf(client).at(-1)).toBe(6);
  });

  test("gets a new hello where that was too much to be kept", () => {
    const { client, sink } = open();
    client.hasRoom = false;
    feed.emit(tickOf(3));
    const record = { kind: "error", n: 1, at: 1, level: "warn", message: "x".repeat(1_000_000) } as const;
    const large: Tick = { ...tickOf(4), records: [{ ...record, actor: undefined, causes: [], details: {} }] };
    for (let n = 0; n < 6; n++) feed.emit(large);
    client.hasRoom = true;
    sink.onDrain();
    expect(timesOf(client)).toEqual(["hello", 3, "hello"]);
    feed.emit(tickOf(7));
    expect(timesOf(client).at(-1)).toBe(7);
  });

  test("does not keep the others waiting", () => {
    const [slow, other] = [open(), open()];
    slow.client.hasRoom = false;
    feed.emit(tickOf(3));
    feed.emit(tickOf(4));
    expect(timesOf(other.client)).toEqual(["hello", 3, 4]);
  });

  test("is cut off after 10 s", () => {
    const { client } = open();
    client.hasRoom = false;
    feed.emit(tickOf(3));
    vi.advanceTimersByTime(9999);
    expect(client.closed).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(client.closed).toEqual({ code: 1006, reason: "" });
    expect(feed.listeners.size).toBe(0);
  });
});

test("all receive the reason when the worker ends", () => {
  const both = [open(), open()];
  pages.close();
  for (const { client } of both) expect(client.closed).toEqual({ code: 1001, reason: "the worker ends" });
  expect(feed.listeners.size).toBe(0);
});
