import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { plain, RawModel, silent } from "../../../support/raw-model.js";
import { Turns } from "../../../support/turns.js";
import { ask, Listener, LoneClient } from "./support/listener.js";

let model: RawModel;
const clients: LoneClient[] = [];

beforeEach(async () => {
  model = await RawModel.start();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await model.stop();
});

function clientWith(...[limits, options, port = model.port]: ClientArguments): LoneClient {
  const client = new LoneClient(`http://127.0.0.1:${port}`, limits, options);
  clients.push(client);
  return client;
}

type Arguments = ConstructorParameters<typeof LoneClient>;
type ClientArguments = [limits?: Arguments[1], options?: Arguments[2], port?: number];

/** Sends a request with this number. */
function begun(client: LoneClient, n: number, path = "/") {
  const listener = new Listener();
  return { listener, call: client.post(path, JSON.stringify({ n }), listener) };
}

describe("with a limit on connections", () => {
  test("requests wait for one, first in, first out, and those that were cancelled do not", async () => {
    const turns = new Turns();
    model.on("/", turns.hold);
    const client = clientWith({}, { maxConnections: 2 });
    const sent = [1, 2, 3, 4, 5].map((n) => begun(client, n));
    await turns.areHeld(1, 2);
    sent[2]?.call.cancel();
    turns.release(2);
    await turns.areHeld(1, 4);
    turns.release(1);
    await turns.areHeld(4, 5);
    turns.release(4);
    turns.release(5);
    await eventually(() => sent.every(({ listener }, index) => listener.isOver || index === 2));
    expect(sent.map(({ listener }) => listener.text)).toEqual(["1", "2", "", "4", "5"]);
    expect(sent[2]?.listener.received).toEqual([]);
    expect([turns.most, new Set(model.requests.map(({ socket }) => socket)).size]).toEqual([2, 2]);
  });

  test("a connection that fails makes room", async () => {
    model.on("/silent", silent);
    const client = clientWith({}, { maxConnections: 1 });
    const first = begun(client, 1, "/silent");
    const second = begun(client, 2);
    await eventually(() => expect(model.requests).toHaveLength(1));
    model.last.socket.resetAndDestroy();
    await eventually(() => second.listener.isOver);
    expect([first.listener.received, second.listener.text]).toEqual([["error"], "{}"]);
  });

  test("a request that is sent again has its place", async () => {
    const client = clientWith({}, { maxConnections: 1 });
    await ask(client, "/");
    model.on("/", ({ socket }) => {
      model.on("/", plain({ body: "again" }));
      socket.end();
    });
    const [first, second] = await Promise.all([ask(client, "/", "1"), ask(client, "/other", "2")]);
    expect([first.text, second.text, client.resent]).toEqual(["again", "{}", 1]);
    await eventually(() => expect(model.connections).toBe(1));
  });

  test("a large body takes the place of a free connection", async () => {
    const client = clientWith({}, { maxConnections: 1 });
    await ask(client, "/");
    expect((await ask(client, "/", Buffer.alloc(2_000_000))).text).toBe("{}");
    await eventually(() => expect(model.connections).toBeLessThanOrEqual(1));
  });

  test("the limit on the time until an answer begins counts while they wait", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      model.on("/silent", silent);
      const client = clientWith({ headersMs: 300 }, { maxConnections: 1 });
      const slow = new LoneClient(`http://127.0.0.1:${model.port}`);
      clients.push(slow);
      const sent = [1, 2].map((n) => begun(client, n, "/silent"));
      await eventually(() => expect(model.requests).toHaveLength(1));
      vi.advanceTimersByTime(300);
      expect(sent.map(({ listener }) => listener.error?.code)).toEqual(["MODEL_TIMEOUT", "MODEL_TIMEOUT"]);
      await eventually(() => expect(model.connections).toBe(0));
      expect(model.requests).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("a server whose threads stay with their connections", () => {
  const THREADS = 4;
  let server: Server;
  let sockets: Socket[];

  beforeEach(async () => {
    let busy = 0;
    const accepted: Socket[] = [];
    sockets = [];
    const serve = (socket: Socket): void => {
      busy++;
      socket.once("close", () => {
        busy--;
        const next = accepted.shift();
        if (next !== undefined) serve(next);
      });
      socket.on("data", () => void plain({ body: "hello" })({ socket } as never));
      socket.resume();
    };
    server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      sockets.push(socket.on("error", () => {}));
      if (busy < THREADS) serve(socket);
      else accepted.push(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test.each([THREADS + 1, 3 * THREADS])(
    "answers %i requests at once, idle connections being closed for them",
    async (count) => {
      const { port } = server.address() as AddressInfo;
      const client = clientWith({}, {}, port);
      const begun = performance.now();
      const answers = await Promise.all(Array.from({ length: count }, () => ask(client, "/")));
      expect(answers.map(({ text }) => text)).toEqual(Array(count).fill("hello"));
      // Without that they would wait until the idle ones are 4 s old.
      expect(performance.now() - begun).toBeLessThan(3500);
    },
  );

  test("answers a request that waits behind clients which use all of its threads without a pause", async () => {
    const { port } = server.address() as AddressInfo;
    const client = clientWith({}, {}, port);
    let isOver = false;
    const lane = async (): Promise<void> => {
      while (!isOver) await ask(client, "/");
    };
    const lanes = Array.from({ length: THREADS + 1 }, lane);
    // All of the lanes are answered, again and again.
    const answered = new Set<number>();
    const more = Array.from({ length: 3 }, async (_, index) => {
      await ask(client, "/");
      answered.add(index);
    });
    try {
      await eventually(() => expect(answered.size).toBe(3), { timeoutMs: 3500 });
    } finally {
      isOver = true;
    }
    await Promise.all([...lanes, ...more]);
  });
});

test("connections to a model that is merely slow are kept", async () => {
  const turns = new Turns();
  model.on("/", turns.hold);
  const client = clientWith();
  for (let round = 0; round < 3; round++) {
    const numbers = Array.from({ length: 6 }, (_, index) => round * 6 + index);
    const sent = numbers.map((n) => begun(client, n));
    await turns.areHeld(...numbers);
    // Longer than a new connection may wait for a byte without being suspected.
    await new Promise((resolve) => setTimeout(resolve, 250));
    for (const n of numbers) turns.release(n);
    await eventually(() => sent.every(({ listener }) => listener.isOver));
  }
  expect(new Set(model.requests.map(({ socket }) => socket)).size).toBe(6);
});
