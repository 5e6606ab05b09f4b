import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import {
  type Behaviour,
  headBytes,
  LAST_CHUNK,
  plain,
  RawModel,
  rawThenClose,
} from "../../../support/raw-model.js";
import { ask, Listener, LoneClient } from "./support/listener.js";

/** More than the socket buffers of both sides take. */
const SIZE = 48 * 1024 * 1024;
const BODY = Buffer.alloc(SIZE, Array.from({ length: 9973 }, (_, index) => `${index};`).join(""));
/** The most that is read at once. */
const READ = 64 * 1024;

const inChunks: Behaviour = ({ socket }) => {
  socket.write(headBytes(200, ["transfer-encoding", "chunked"]));
  for (let at = 0; at < SIZE; at += 1_000_000) {
    const chunk = BODY.subarray(at, at + 1_000_000);
    socket.write(`${chunk.length.toString(16)}\r\n`);
    socket.write(chunk);
    socket.write("\r\n");
  }
  socket.write(LAST_CHUNK);
};

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

/** Resolves when the model cannot write any more: its socket took nothing from one look to the next. */
async function isBlocked(): Promise<void> {
  let before = -1;
  await eventually(
    () => {
      const waiting = model.requests.at(-1)?.socket.writableLength ?? 0;
      const isStuck = waiting > 0 && waiting === before;
      before = waiting;
      return isStuck;
    },
    { intervalMs: 30 },
  );
}

describe.each<[string, Behaviour]>([
  ["with a length", plain({ body: BODY })],
  ["in chunks", inChunks],
  ["that ends with the connection", rawThenClose(Buffer.concat([headBytes(200, []), BODY]))],
])("an answer %s", (_, behaviour) => {
  test("is not read while its taker has no room, and continues with every byte", async () => {
    model.on("/", behaviour);
    let hasRoom = false;
    const listener = new Listener({ onData: () => hasRoom });
    client.post("/", "{}", listener);
    await isBlocked();
    expect(listener.size).toBeGreaterThan(0);
    expect(listener.size).toBeLessThanOrEqual(READ);
    const first = listener.size;
    listener.resume();
    await eventually(() => listener.size > first);
    await isBlocked();
    expect(listener.size).toBeLessThanOrEqual(2 * READ);
    hasRoom = true;
    listener.resume();
    await eventually(() => listener.isOver, { timeoutMs: 10_000 });
    expect(listener.received).toEqual(["head", "data", "end"]);
    expect(listener.bytes.equals(BODY)).toBe(true);
  });
});

test.each<[string, (resume: () => void) => void]>([
  ["within the piece itself", (resume) => resume()],
  ["in the same turn", (resume) => process.nextTick(resume)],
  ["in the next turn", (resume) => setImmediate(resume)],
])("a taker that pauses after each piece and continues %s gets every byte", async (_, later) => {
  const body = BODY.subarray(0, 5_000_000);
  model.on("/", plain({ body }));
  const listener = await ask(client, "/", "{}", {
    onData: (__, { resume }) => {
      let hasGoneOn = false;
      later(() => {
        hasGoneOn = true;
        resume();
      });
      return hasGoneOn;
    },
  });
  expect(listener.bytes.equals(body)).toBe(true);
});

test("a connection whose answer ended while it was paused takes the next request", async () => {
  model.on("/", plain({ body: "hello" }));
  for (let round = 0; round < 3; round++) {
    expect((await ask(client, "/", "{}", { onData: () => false })).text).toBe("hello");
  }
  expect(new Set(model.requests.map(({ socket }) => socket)).size).toBe(1);
});
