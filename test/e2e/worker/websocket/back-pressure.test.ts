import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { WebSocket } from "ws";
import { eventually } from "../../../support/eventually.js";
import { stall } from "../../../support/socket-model.js";
import { pair, type Sent, send } from "../../../support/socket-pair.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const MIB = 1024 * 1024;
/** Milliseconds without progress after which the worker takes no more, and is not merely slow. */
const STILL_MS = 2500;

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/ws", websocket: true, allowParallelRequests: true, maxQueueTime: null },
      { route: "/serial", websocket: true, maxQueueTime: null },
    ],
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** Sends up to so many bytes. @returns how many it could send until the worker took no more, or had enough. */
async function flood({ socket }: { readonly socket: WebSocket }, bytes: number): Promise<number> {
  const frame = Buffer.alloc(64 * 1024, "a");
  let sent = 0;
  let progressAt = performance.now();
  let waiting = -1;
  await eventually(
    () => {
      // The close of the other side is noticed between two calls only.
      for (let n = 0; n < 16 && sent < bytes && socket.bufferedAmount < MIB; n++) {
        socket.send(frame);
        sent += frame.length;
        progressAt = performance.now();
      }
      if (socket.bufferedAmount !== waiting) progressAt = performance.now();
      waiting = socket.bufferedAmount;
      return socket.readyState !== socket.OPEN || performance.now() - progressAt > STILL_MS;
    },
    { timeoutMs: 60_000, intervalMs: 0 },
  );
  return sent;
}

/** Resident memory that the worker takes more than before while this happens. */
async function growth(act: () => Promise<void>): Promise<number> {
  const before = await fixture.worker.memory();
  await act();
  return (await fixture.worker.memory()) - before;
}

/** A client that was cut off is an error; one that was held up leaves, which is seen when it is read again. */
async function leaves({ client, sent }: Sent, readOn: () => void): Promise<void> {
  const wasHeldUp = client.socket.readyState === client.socket.OPEN;
  if (wasHeldUp) client.vanish();
  else expect(await client.isClosed()).toMatchObject({ code: 4413 });
  readOn();
  await fixture.expectReported(sent, wasHeldUp ? "Cancelled" : "Error");
}

describe("a client that floods", () => {
  test("a model that does not read is held up or cut off, and takes little memory", async () => {
    const { client, sent, end } = await pair(fixture, "/ws");
    stall(end);
    const grown = await growth(async () => {
      expect(await flood(client, 512 * MIB)).toBeLessThan(100 * MIB);
    });
    expect(grown).toBeLessThan(100 * MIB);
    await leaves({ client, sent }, () => end.socket.resume());
  });

  test("while it waits for its turn is held up or cut off, too", async () => {
    const running = await pair(fixture, "/serial");
    const { client, sent } = await send(fixture, "/serial");
    const grown = await growth(async () => {
      expect(await flood(client, 512 * MIB)).toBeLessThan(100 * MIB);
    });
    expect(grown).toBeLessThan(100 * MIB);
    await leaves({ client, sent }, () => running.client.socket.close(1000));
    await fixture.expectReported(running.sent, "Success");
  });

  test("a model that keeps up loses nothing", async () => {
    const { client, sent, end } = await pair(fixture, "/ws");
    let received = 0;
    end.socket.on("message", (data: Buffer) => {
      received += data.length;
      end.messages.length = 0;
    });
    const frame = Buffer.alloc(64 * 1024, "a");
    let begun = 0;
    await eventually(
      () => {
        for (; begun < 128 * MIB && begun - received < 8 * MIB; begun += frame.length) client.send(frame);
        return received === 128 * MIB;
      },
      { timeoutMs: 60_000, intervalMs: 0 },
    );
    client.socket.close(1000);
    await fixture.expectReported(sent, "Success");
  });
});

describe("a client that does not read", () => {
  test("holds the model up, takes little memory, and gets everything once it reads, the close last", async () => {
    const { client, sent, end } = await pair(fixture, "/ws");
    client.socket.pause();
    let bytes = 0;
    const grown = await growth(async () => {
      bytes = await flood(end, 512 * MIB);
    });
    expect(bytes).toBeLessThan(100 * MIB);
    expect(grown).toBeLessThan(100 * MIB);
    end.socket.send("last");
    end.socket.close(1000, "done");
    let received = 0;
    client.socket.on("message", (data: Buffer) => {
      received += data.length;
    });
    client.socket.resume();
    expect(await client.isClosed()).toEqual({ code: 1000, reason: "done" });
    expect(received).toBe(bytes + 4);
    expect(client.messages.at(-1)).toBe("last");
    await fixture.expectReported(sent, "Success");
  });

  test("and vanishes sets the model free", async () => {
    const { client, sent, end } = await pair(fixture, "/ws");
    client.socket.pause();
    await flood(end, 512 * MIB);
    client.vanish();
    await end.isClosed();
    await fixture.expectReported(sent, "Cancelled");
  });
});
