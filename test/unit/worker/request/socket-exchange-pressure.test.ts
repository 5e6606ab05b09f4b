import { afterEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { silent } from "../../../support/raw-model.js";
import { ENVELOPE, SocketFixture, type SocketFixtureOptions } from "../../../support/socket-fixture.js";
import { type ModelEnd, stall } from "../../../support/socket-model.js";

const KIB = 1024;
const MIB = 1024 * KIB;

let fixture: SocketFixture | undefined;
const start = async (options: SocketFixtureOptions = {}): Promise<SocketFixture> => {
  fixture = await SocketFixture.start(options);
  return fixture;
};
afterEach(() => {
  vi.useRealTimers();
  return fixture?.stop();
});

/** Frames of 64 KiB, each with its number in front. */
const numbered = (count: number): readonly Buffer[] =>
  Array.from({ length: count }, (_, n) => {
    const frame = Buffer.alloc(64 * KIB);
    frame.writeUInt32BE(n);
    return frame;
  });
const numbers = (messages: readonly (string | Buffer)[]): readonly number[] =>
  messages.map((message) => (typeof message === "string" ? -1 : message.readUInt32BE()));
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

/** Waits until the model's connection is full: the other end does not read. */
async function isFull({ request }: ModelEnd): Promise<void> {
  let before = -1;
  await eventually(
    () => {
      const { bytesWritten, writableLength } = request.socket;
      const isStill = bytesWritten - writableLength === before;
      before = bytesWritten - writableLength;
      return isStill && writableLength > 0;
    },
    { intervalMs: 100 },
  );
}

describe("a client that does not read", () => {
  test("stops the model; when it reads on, nothing is missing, and the close comes last", async () => {
    const each = await start();
    const end = await each.open();
    await eventually(() => each.client.messages.length === 1);
    each.client.hasRoom = false;
    for (const frame of numbered(512)) end.socket.send(frame);
    end.socket.close(1000, "done");
    await isFull(end);
    const received = each.client.messages.length;
    expect(received).toBeLessThan(10);
    expect(each.admission.endings).toEqual([]);

    each.client.hasRoom = true;
    each.exchange.onDrain();
    await eventually(() => expect(each.client.closed).toEqual({ code: 1000, reason: "done" }));
    expect(numbers(each.client.messages)).toEqual([-1, ...upTo(512)]);
    expect(each.admission.endings).toMatchObject([{ outcome: "success" }]);
  });

  test("is no silence of the model's", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const idleMs = 150;
    const each = await start({
      handler: { timeouts: { connectMs: null, headersMs: null, idleMs, totalMs: null } },
    });
    const end = await each.open();
    each.client.hasRoom = false;
    end.socket.send("second");
    await eventually(() => each.client.messages.length === 2);
    vi.advanceTimersByTime(10 * idleMs);
    expect(each.admission.endings).toEqual([]);
    each.client.hasRoom = true;
    each.exchange.onDrain();
    vi.advanceTimersByTime(idleMs);
    await eventually(() => expect(each.client.closed).toMatchObject({ code: 4504 }));
  });

  test("and vanishes sets the model free", async () => {
    const each = await start();
    const end = await each.open();
    each.client.hasRoom = false;
    for (const frame of numbered(512)) end.socket.send(frame);
    await isFull(end);
    each.exchange.onClose(1006, "");
    expect(await end.isClosed()).toMatchObject({ code: 1001 });
  });
});

describe("a model that does not read", () => {
  test("stops the client; when it reads on, the client may, too, and nothing is missing", async () => {
    const each = await start();
    const end = await each.open();
    stall(end);
    const frames = numbered(512);
    let sent = 0;
    const sendOn = (): void => {
      for (; sent < frames.length && !each.client.isPaused; sent++) each.send(frames[sent] ?? "");
    };
    // The kernel takes some megabytes before anything waits.
    await eventually(() => {
      sendOn();
      return each.client.isPaused;
    });
    expect(sent).toBeLessThan(frames.length);
    end.socket.resume();
    await eventually(() => {
      sendOn();
      return sent === frames.length;
    });
    await end.receives(frames.length);
    expect(numbers(end.messages)).toEqual(upTo(512));
    await eventually(() => !each.client.isPaused);
  });

  test("and a client that closes: what it sent before reaches the model before the close", async () => {
    const each = await start();
    const end = await each.open();
    await eventually(() => each.client.messages.length === 1);
    stall(end);
    for (const frame of numbered(160)) each.send(frame);
    each.exchange.onClose(1000, "bye");
    end.socket.resume();
    expect(await end.isClosed()).toEqual({ code: 1000, reason: "bye" });
    expect(numbers(end.messages)).toEqual(upTo(160));
  });

  test.each([
    ["large", 64 * KIB, 100],
    ["small", 10, 10_000],
    ["empty", 0, 10_000],
  ])(
    "cuts off a client that cannot be paused and floods it with %s frames: 4413, an error",
    async (_, size, flood) => {
      const each = await start();
      const end = await each.open();
      await eventually(() => each.client.messages.length === 1);
      stall(end);
      const before = process.memoryUsage().rss;
      // The system takes some megabytes before anything waits: far more small frames than wait here afterwards.
      const filling = Buffer.alloc(64 * KIB);
      await eventually(() => {
        for (let n = 0; n < 16 && !each.client.isPaused; n++) each.send(filling);
        return each.client.isPaused;
      });
      expect(each.client.closed).toBeUndefined();
      const frame = Buffer.alloc(size);
      await eventually(
        () => {
          for (let n = 0; n < flood && each.client.closed === undefined; n++) each.send(frame);
          return each.client.closed !== undefined;
        },
        { timeoutMs: 120_000, intervalMs: 0 },
      );
      expect(each.client.closed).toEqual({
        code: 4413,
        reason: "more than 16777216 bytes are waiting for the model, which reads more slowly",
      });
      expect(each.client.messages).toEqual(["hello"]);
      expect(each.admission.endings).toEqual([{ outcome: "error", retryable: false }]);
      expect(process.memoryUsage().rss - before).toBeLessThan(256 * MIB);
      end.socket.terminate();
    },
  );
});

describe("while a request waits for its turn", () => {
  test("its frames are kept, and are sent first, as they came: text, bytes, and empty ones", async () => {
    const each = await start({ admission: { grantsAtOnce: false } });
    const messages = ["text", Buffer.from([0, 255]), "", Buffer.alloc(0), "ü"];
    each.send(ENVELOPE);
    for (const message of messages) each.send(message);
    each.admission.grant();
    const [end] = [await each.accepting.accepted()];
    each.send("afterwards");
    await end.receives(messages.length + 1);
    expect(end.messages).toEqual([...messages, "afterwards"]);
  });

  test("what is kept is a copy: the server uses its memory again", async () => {
    const each = await start({ admission: { grantsAtOnce: false } });
    each.send(ENVELOPE);
    const frame = Buffer.from("first");
    each.exchange.onFrame(frame, false);
    frame.write("other");
    each.admission.grant();
    const end = await each.accepting.accepted();
    expect(await end.receives(1)).toEqual(["first"]);
  });

  test("its client is paused beyond 1 MiB, and continues when the model has read", async () => {
    const each = await start({ admission: { grantsAtOnce: false } });
    each.send(ENVELOPE);
    const frames = numbered(17);
    for (const [index, frame] of frames.entries()) {
      expect(each.client.isPaused).toBe(index > 15);
      each.send(frame);
    }
    each.admission.grant();
    const end = await each.accepting.accepted();
    await end.receives(17);
    await eventually(() => !each.client.isPaused);
  });

  test.each([
    ["large", 64 * KIB],
    ["empty", 0],
  ])(
    "a client that cannot be paused is cut off beyond 16 MiB of %s frames, memory and all",
    async (_, size) => {
      const each = await start({ admission: { grantsAtOnce: false } });
      each.send(ENVELOPE);
      const frame = Buffer.alloc(size);
      let sent = 0;
      for (; sent < 100_000 && each.client.closed === undefined; sent++) each.send(frame);
      expect(sent).toBeGreaterThan(200);
      expect(each.client.closed?.code).toBe(4413);
      expect(JSON.parse(String(each.client.messages[0]))).toEqual({ error: expect.any(String) });
      expect(each.admission.endings).toEqual([{ outcome: "error", retryable: false }]);
      each.admission.grant();
      expect(each.model.requests).toEqual([]);
    },
  );

  test("one frame may be larger than that, and others may follow it", async () => {
    const each = await start({ admission: { grantsAtOnce: false } });
    each.send(ENVELOPE);
    const large = Buffer.alloc(20 * MIB, "a");
    each.send(large);
    each.send("go");
    expect(each.client.closed).toBeUndefined();
    each.admission.grant();
    const end = await each.accepting.accepted();
    const [first, second] = await end.receives(2);
    expect(large.equals(Buffer.from(first ?? ""))).toBe(true);
    expect(second).toBe("go");
  });

  test("and while the model is dialled, the same holds", async () => {
    const each = await start();
    each.model.on("/ws", silent);
    each.send(ENVELOPE);
    await eventually(() => each.model.requests.length === 1);
    each.send("kept");
    each.accepting.accept(each.model.last);
    const end = await each.accepting.accepted();
    expect(await end.receives(1)).toEqual(["kept"]);
  });
});

test("frames cross each other in great number, and none is lost or out of order", async () => {
  const each = await start();
  const end = await each.open("hello");
  const count = 10_000;
  for (let n = 0; n < count; n++) {
    each.send(n % 2 === 0 ? `${n}` : Buffer.from(`${n}`));
    end.socket.send(n % 2 === 0 ? `${n}` : Buffer.from(`${n}`));
  }
  await end.receives(count);
  await eventually(() => each.client.messages.length === count + 1);
  const expected = upTo(count).map((n) => (n % 2 === 0 ? `${n}` : Buffer.from(`${n}`)));
  expect(end.messages).toEqual(expected);
  expect(each.client.messages.slice(1)).toEqual(expected);
});
