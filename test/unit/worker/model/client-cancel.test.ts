import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { chunked, plain, RawModel, raw, silent } from "../../../support/raw-model.js";
import { ask, Listener, LoneClient } from "./support/listener.js";

let model: RawModel;
let client: LoneClient;

beforeEach(async () => {
  model = await RawModel.start();
  client = new LoneClient(`http://127.0.0.1:${model.port}`);
});

afterEach(async () => {
  client.close();
  await model.stop();
});

const isClosed = () => eventually(() => expect(model.connections).toBe(0));

describe("a call that is cancelled closes the model's connection and receives nothing more", () => {
  test("before it is connected", async () => {
    const listener = new Listener();
    client.post("/", "{}", listener).cancel();
    // The model has accepted another connection by then, and so this one before, if it ever came.
    await ask(client, "/");
    client.close();
    await isClosed();
    expect(listener.received).toEqual([]);
  });

  test("before the head", async () => {
    model.on("/", silent);
    const listener = new Listener();
    const call = client.post("/", "{}", listener);
    await eventually(() => expect(model.requests).toHaveLength(1));
    call.cancel();
    await isClosed();
    expect(listener.received).toEqual([]);
  });

  test("while a large request goes out", async () => {
    const listener = new Listener();
    const call = client.post("/", Buffer.alloc(100_000_000), listener);
    await eventually(() => expect(model.connections).toBe(1));
    call.cancel();
    await isClosed();
    expect(model.requests).toHaveLength(0);
    expect(listener.received).toEqual([]);
  });

  test("in the middle of the body", async () => {
    model.on("/", raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"));
    const listener = new Listener();
    const call = client.post("/", "{}", listener);
    await eventually(() => listener.size === 5);
    call.cancel();
    await isClosed();
    expect(listener.received).toEqual(["head", "data"]);
  });

  test("while it is paused", async () => {
    model.on("/", raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello"));
    const listener = new Listener({ onData: () => false });
    const call = client.post("/", "{}", listener);
    await eventually(() => listener.size === 5);
    call.cancel();
    listener.resume();
    await isClosed();
    expect(listener.received).toEqual(["head", "data"]);
  });

  test.each([
    ["within the head", "onHead", plain({ body: "hello" }), ["head"]],
    ["within the head of an answer without a body", "onHead", plain(), ["head"]],
    ["within the last piece", "onData", plain({ body: "hello" }), ["head", "data"]],
    [
      "within a chunk, though the rest was read with it",
      "onData",
      raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n"),
      ["head", "data"],
    ],
    [
      "within a chunk, though garbage was read with it",
      "onData",
      raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\ngarbage\r\n"),
      ["head", "data"],
    ],
  ] as const)("%s", async (_, moment, behaviour, received) => {
    model.on("/", behaviour);
    const cancel = (): boolean => {
      call.cancel();
      return true;
    };
    const listener = new Listener({ [moment]: cancel });
    const call = client.post("/", "{}", listener);
    await eventually(() => listener.received.length > 0);
    await isClosed();
    expect(listener.received).toEqual(received);
    expect(listener.size).toBe(moment === "onHead" ? 0 : 5);
    // Nothing of it is taken for a free connection.
    model.on("/", plain({ body: "again" }));
    expect((await ask(client, "/")).text).toBe("again");
    expect(new Set(model.requests.map(({ socket }) => socket)).size).toBe(2);
  });
});

test("300 calls that are cancelled at once leave no connection", async () => {
  model.on("/", silent);
  const listeners = Array.from({ length: 300 }, () => new Listener());
  const calls = listeners.map((listener) => client.post("/", "{}", listener));
  await eventually(() => expect(model.requests.length).toBeGreaterThan(0));
  for (const call of calls) call.cancel();
  await isClosed();
  expect(listeners.flatMap(({ received }) => received)).toEqual([]);
});

describe("a call that has ended", () => {
  test("can be cancelled without an effect on the next one over the same connection", async () => {
    model.on("/second", chunked([], ["second"]));
    const second = new Listener();
    const first = new Listener({
      onEnd: () => {
        client.post("/second", "{}", second);
        call.cancel();
      },
    });
    const call = client.post("/", "{}", first);
    await eventually(() => first.isOver);
    call.cancel();
    await eventually(() => second.isOver);
    call.cancel();
    expect([second.text, ...second.received]).toEqual(["second", "head", "data", "end"]);
    expect(new Set(model.requests.map(({ socket }) => socket)).size).toBe(1);
  });

  test("can be cancelled when it has failed", async () => {
    model.on("/", ({ socket }) => void socket.end());
    const listener = new Listener();
    const call = client.post("/", "{}", listener);
    await eventually(() => listener.isOver);
    call.cancel();
    call.cancel();
    await isClosed();
    expect(listener.received).toEqual(["error"]);
  });

  test("cannot disturb the next one by late calls", async () => {
    const size = 3_000_000;
    model.on("/large", plain({ body: Buffer.alloc(size, "x") }));
    const first = await ask(client, "/");
    const second = new Listener({ onData: () => false });
    client.post("/large", "{}", second);
    // Each late resume lets the other continue, which pauses again: no byte is lost or passed on twice.
    await eventually(() => {
      first.resume();
      return second.isOver;
    });
    expect([second.size, ...second.received]).toEqual([size, "head", "data", "end"]);
  });
});
