import type { IncomingMessage } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { open, RawClient } from "../../../support/http-client.js";
import {
  type Behaviour,
  chunkBytes,
  headBytes,
  LAST_CHUNK,
  plain,
  written,
} from "../../../support/raw-model.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

/**
 * These take their time, the longest of them some 35 s, so they run at once. Every pause in here is what is
 * tested: a client or a model that is slow.
 */

const MB = 1_000_000;
const MIB = 1024 * 1024;

/** A body of 200 MB is this piece, over and over. */
const PIECE = Buffer.from(Array.from({ length: MB }, (_, n) => (n * 2654435761) >>> 24));
const PIECES = 200;
const LENGTH = PIECE.length * PIECES;

/** Whether these bytes are at this place of the body. */
function fits(bytes: Buffer, offset: number): boolean {
  for (let at = 0; at < bytes.length; ) {
    const from = (offset + at) % PIECE.length;
    const length = Math.min(bytes.length - at, PIECE.length - from);
    if (PIECE.compare(bytes, at, at + length, from, from + length) !== 0) return false;
    at += length;
  }
  return true;
}

/** A model that pours out 200 MB as fast as the worker takes them, and how much that was. */
class Pour {
  written = 0;
  readonly #known: boolean;

  /** @param known whether the length is announced; chunked otherwise. */
  constructor(known: boolean) {
    this.#known = known;
  }

  readonly behaviour: Behaviour = async ({ socket }) => {
    const headers = this.#known ? ["content-length", String(LENGTH)] : ["transfer-encoding", "chunked"];
    socket.write(headBytes(200, headers));
    const piece = this.#known ? PIECE : chunkBytes(PIECE);
    for (let n = 0; n < PIECES && (await written(socket, piece)); n++) this.written += PIECE.length;
    if (!this.#known) socket.write(LAST_CHUNK);
  };
}

/**
 * Reads a body to its end.
 *
 * @param between is awaited after each piece.
 * @returns its length, if every byte was right.
 */
async function readAll(
  answer: IncomingMessage,
  between: (read: number) => Promise<void> | void,
): Promise<number> {
  let read = 0;
  for await (const piece of answer) {
    if (!fits(piece as Buffer, read)) throw new Error(`wrong bytes behind ${read}`);
    read += (piece as Buffer).length;
    await between(read);
  }
  return read;
}

let fixture: WorkerFixture;
const ROUTES = ["/chunked", "/known", "/generated", "/quiet-start", "/quiet-middle", "/slow-body", "/half"];
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: ROUTES.map((route) => ({
      route,
      allowParallelRequests: true,
      maxQueueTime: null,
      ...(route === "/generated" && { responseGenerator: "passOn" as const }),
    })),
  });
});
afterAll(async () => {
  await fixture.expectServing();
  await fixture.stop();
});

/** Longer than the 10 s after which uWebSockets.js alone would close the connection. */
const LONG = 15_000;

// The longest first: vitest runs five at once.
describe.concurrent("at once:", () => {
  test("a client that sends half a body and stays gets 408 after 30 s, and its connection is closed", async () => {
    const client = await RawClient.connect(fixture.worker.url);
    const sentAt = performance.now();
    client.send(fixture.requestBytes("/half").subarray(0, -1));
    await client.isClosed(90_000);
    // uWebSockets.js alone would close it after 10 s.
    expect(performance.now() - sentAt).toBeGreaterThan(29_000);
    expect(client.received).toMatch(
      /^HTTP\/1\.1 408 [\s\S]*content-type: application\/json[\s\S]*\{"error":"[^"]+"\}$/,
    );
    expect(fixture.model.requests.filter(({ path }) => path === "/half")).toEqual([]);
  });

  test("one that sends less and stays loses its connection", async () => {
    const head = "POST /half HTTP/1.1\r\nhost: worker\r\n";
    await Promise.all(
      [
        "",
        "POST /half HTTP/1.1\r\nhost: wor",
        `${head}nonsense\r\n\r\n{}`,
        `${head}content-length: 100\r\n\r\n`,
        `${head}transfer-encoding: chunked\r\n\r\n64\r\n`,
      ].map(async (bytes) => {
        const client = await RawClient.connect(fixture.worker.url);
        client.send(bytes);
        await client.isClosed(90_000);
        expect(client.received).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
      }),
    );
  });

  test("a reader that pauses for 15 s and continues gets every byte", async () => {
    await Promise.all(
      [
        { route: "/chunked", known: false },
        { route: "/known", known: true },
        { route: "/generated", known: false },
      ].map(async ({ route, known }) => {
        fixture.model.on(route, new Pour(known).behaviour);
        const answer = await open(fixture.worker.url + route, { body: fixture.envelope() });
        let hasPaused = false;
        const length = await readAll(answer, async (read) => {
          if (read < MB || hasPaused) return;
          hasPaused = true;
          await pause(LONG);
        });
        expect({ route, length, complete: answer.complete }).toEqual({
          route,
          length: LENGTH,
          complete: true,
        });
      }),
    );
  });

  test.each([
    ["chunked", false],
    ["of known length", true],
  ])("four slow readers of 200 MB, %s, slow the model down rather than fill the memory", async (_, known) => {
    const own = await WorkerFixture.start({
      handlers: [{ route: "/go", allowParallelRequests: true, maxQueueTime: null }],
    });
    const pours: Pour[] = [];
    own.model.on("/go", (request) => {
      const pour = new Pour(known);
      pours.push(pour);
      return pour.behaviour(request);
    });
    await own.expectServing();
    const before = await own.worker.memory();
    let peak = before;
    const watching = setInterval(async () => {
      peak = Math.max(peak, await own.worker.memory());
    }, 100);

    // No client reads yet: the model stops sending.
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => open(`${own.worker.url}/go`, { body: own.envelope() })),
    );
    const allWritten = (): number => pours.reduce((sum, pour) => sum + pour.written, 0);
    let last = -1;
    await eventually(
      () => {
        const stopped = allWritten() === last;
        last = allWritten();
        return stopped && pours.length === 4;
      },
      { intervalMs: 500 },
    );

    // Then slowly, some 25 MB a second each: what is in flight stays little, most of it in the sockets' buffers.
    let allRead = 0;
    let underWay = last;
    const lengths = await Promise.all(
      answers.map((answer) => {
        let due = performance.now();
        let before = 0;
        return readAll(answer, async (read) => {
          allRead += read - before;
          due += (read - before) / 25_000;
          before = read;
          underWay = Math.max(underWay, allWritten() - allRead);
          if (due > performance.now() + 5) await pause(due - performance.now());
        });
      }),
    );
    clearInterval(watching);
    expect(lengths).toEqual([LENGTH, LENGTH, LENGTH, LENGTH]);
    expect(underWay).toBeLessThan((4 * LENGTH) / 4);
    expect((peak - before) / MIB).toBeLessThan(64);
    await own.expectServing();
    await own.stop();
  });

  test("a model may begin to answer after 15 s, or fall silent for 15 s in the middle of a stream", async () => {
    fixture.model.on("/quiet-start", async (request) => {
      await pause(LONG);
      await plain({ body: "at last" })(request);
    });
    fixture.model.on("/quiet-middle", async ({ socket }) => {
      socket.write(Buffer.concat([headBytes(200, ["transfer-encoding", "chunked"]), chunkBytes("one ")]));
      await pause(LONG);
      socket.write(Buffer.concat([chunkBytes("two"), Buffer.from(LAST_CHUNK)]));
    });
    const replies = await Promise.all([fixture.post("/quiet-start"), fixture.post("/quiet-middle")]);
    expect(replies.map(({ body, complete }) => ({ text: body.toString(), complete }))).toEqual([
      { text: "at last", complete: true },
      { text: "one two", complete: true },
    ]);
  });

  test("a client may pause for 15 s in the middle of its body", async () => {
    const bytes = fixture.requestBytes("/slow-body", { text: "hello" });
    const client = await RawClient.connect(fixture.worker.url);
    client.send(bytes.subarray(0, -20));
    await pause(LONG);
    client.send(bytes.subarray(-20));
    await client.receives(/^HTTP\/1\.1 200 /);
    const asked = fixture.model.requests.find(({ path }) => path === "/slow-body");
    expect(asked?.body.toString()).toBe('{"text":"hello"}');
    client.leave();
  });
});
