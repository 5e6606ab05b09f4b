import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { type Behaviour, chunked, closed, plain, RawModel, raw, silent } from "../../../support/raw-model.js";
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

const connectionsUsed = (): number => new Set(model.requests.map(({ socket }) => socket)).size;
const ok = ["head", "data", "end"];

/** Does this on connections that answered before, and answers on others. */
function onReused(behaviour: Behaviour): Behaviour {
  const known = new Set<Socket>();
  return (request) => {
    if (known.has(request.socket)) return behaviour(request);
    known.add(request.socket);
    return plain({ body: `fresh ${known.size}` })(request);
  };
}

const close: Behaviour = ({ socket }) => void socket.end();
const reset: Behaviour = ({ socket }) => void socket.resetAndDestroy();

describe("a request that fails on a reused connection before a byte of its answer is sent once more", () => {
  test.each<[string, Behaviour]>([
    ["closes it", close],
    ["resets it", reset],
    ["sends the rest of an earlier answer on it", raw("null")],
    ["sends the end of an earlier answer on it", raw("0\r\n\r\n")],
    [
      "sends the rest of an earlier answer, and an answer",
      raw("{}HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
    ],
  ])("on a new one when the model %s", async (_, behaviour) => {
    model.on("/", onReused(behaviour));
    expect((await ask(client, "/", "first")).text).toBe("fresh 1");
    const second = await ask(client, "/", '{"n": 2}');
    expect([second.text, ...second.received]).toEqual(["fresh 2", ...ok]);
    expect(model.requests.map(({ body }) => body.toString())).toEqual(["first", '{"n": 2}', '{"n": 2}']);
    expect(model.requests[2]?.head).toBe(model.requests[1]?.head);
    expect(client.resent).toBe(1);
    await eventually(() => expect(model.connections).toBe(1));
  });

  test("with a body of bytes as it is", async () => {
    model.on("/", onReused(reset));
    const body = Buffer.alloc(1_000_000, "0123456789abcdef-");
    await ask(client, "/");
    expect((await ask(client, "/", body)).text).toBe("fresh 2");
    expect(model.last.body.equals(body)).toBe(true);
  });

  test("and not a third time", async () => {
    await ask(client, "/");
    model.on("/", close);
    const { received, error } = await ask(client, "/");
    expect(received).toEqual(["error"]);
    expect(error).toMatchObject({ code: "MODEL_UNREACHABLE" });
    expect([model.requests.length, client.resent]).toEqual([3, 1]);
  });

  test("and fails when the model does not listen any more", async () => {
    await ask(client, "/");
    const isStopped = new Promise<void>((resolve) => {
      model.on("/", () => resolve(model.stop()));
    });
    const { error } = await ask(client, "/");
    expect(error).toMatchObject({ code: "MODEL_UNREACHABLE", cause: { code: "ECONNREFUSED" } });
    await isStopped;
    await model.listen();
  });
});

describe("a request is sent once only when", () => {
  test("its connection was new", async () => {
    model.on("/", close);
    expect((await ask(client, "/")).received).toEqual(["error"]);
    expect([model.requests.length, client.resent]).toEqual([1, 0]);
  });

  test.each<[string, string]>([
    ["a byte of an answer came", "H"],
    ["an interim answer came", "HTTP/1.1 100 Continue\r\n\r\n"],
    [
      "an answer began that cannot be read",
      "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    ],
  ])("%s", async (_, bytes) => {
    await ask(client, "/");
    model.on("/", ({ socket }) => void socket.end(bytes));
    expect((await ask(client, "/")).received).toEqual(["error"]);
    expect([model.requests.length, client.resent]).toEqual([2, 0]);
  });

  test("it was cancelled", async () => {
    await ask(client, "/");
    model.on("/", silent);
    const listener = new Listener();
    const call = client.post("/", "{}", listener);
    await eventually(() => expect(model.requests).toHaveLength(2));
    call.cancel();
    await closed(model.last.socket);
    await ask(client, "/other");
    expect([model.requests.length, client.resent, ...listener.received]).toEqual([3, 0]);
  });
});

test("a request with a body of more than 1 MiB takes a new connection instead of a free one", async () => {
  const body = Buffer.alloc(1024 * 1024 + 1);
  for (let round = 1; round <= 3; round++) {
    expect((await ask(client, "/", body)).received).toEqual(ok);
    expect(connectionsUsed()).toBe(round);
    await eventually(() => expect(model.connections).toBeLessThanOrEqual(1));
  }
});

describe("the limit on the time until an answer begins", () => {
  const LIMIT = 300;
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
  afterEach(() => void vi.useRealTimers());

  test("counts from the first time at which a request was sent", async () => {
    const limited = new LoneClient(`http://127.0.0.1:${model.port}`, { headersMs: LIMIT });
    await ask(limited, "/");
    model.on("/", silent);
    const listener = new Listener();
    limited.post("/", "{}", listener);
    await eventually(() => expect(model.requests).toHaveLength(2));
    vi.advanceTimersByTime(LIMIT - 1);
    model.last.socket.end();
    await eventually(() => expect(model.requests).toHaveLength(3));
    expect(listener.received).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(listener.error).toMatchObject({ code: "MODEL_TIMEOUT" });
    expect(limited.resent).toBe(1);
    limited.close();
  });

  test("ends a request on a reused connection permanently", async () => {
    const limited = new LoneClient(`http://127.0.0.1:${model.port}`, { headersMs: LIMIT });
    await ask(limited, "/");
    model.on("/", silent);
    const listener = new Listener();
    limited.post("/", "{}", listener);
    await eventually(() => expect(model.requests).toHaveLength(2));
    vi.advanceTimersByTime(LIMIT);
    expect(listener.error).toMatchObject({ code: "MODEL_TIMEOUT" });
    await closed(model.last.socket);
    expect([model.requests.length, limited.resent]).toEqual([2, 0]);
    limited.close();
  });
});

describe("what comes on a connection between two answers", () => {
  const stolen = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nstolen";

  test.each([
    ["a body behind a 204", "HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\n", "null"],
    ["the last chunk of a 204", "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n", "0\r\n\r\n"],
    [
      "an answer behind a 204 that announces one",
      "HTTP/1.1 204 No Content\r\ncontent-length: 44\r\n\r\n",
      stolen,
    ],
    ["an answer behind a 304 that announces one", "HTTP/1.1 304 x\r\ncontent-length: 44\r\n\r\n", stolen],
  ])("is not the next answer: %s", async (_, head, late) => {
    model.on("/first", ({ socket }) => {
      socket.write(head);
      setImmediate(() => socket.write(late));
    });
    const second = new Listener();
    await ask(client, "/first", "{}", { onEnd: () => client.post("/second", "{}", second) });
    await eventually(() => second.isOver);
    expect([second.text, ...second.received]).toEqual(["{}", ...ok]);
    expect([connectionsUsed(), client.resent]).toEqual([2, 0]);
    await eventually(() => expect(model.connections).toBe(1));
  });

  test("is not the next answer when it comes before the next turn of the event loop", async () => {
    model.on("/first", ({ socket }) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
      // Another read of the worker's, and one that it has not had when the next request is due.
      setImmediate(() => socket.write(stolen));
    });
    const second = new Listener();
    const first = await ask(client, "/first", "{}", {
      onEnd: () => {
        const until = performance.now() + 20;
        setImmediate(() => {
          // The model's bytes are there before the loop reads again.
          while (performance.now() < until);
        });
        client.post("/second", "{}", second);
      },
    });
    await eventually(() => second.isOver);
    expect([first.text, second.text]).toEqual(["hello", "{}"]);
  });
});

describe("a server that closes its connections just after its answers, without announcing it,", () => {
  let server: Server;
  let closes = true;
  let requests = 0;
  let connections = 0;

  beforeEach(async () => {
    closes = true;
    requests = 0;
    connections = 0;
    server = createServer({ noDelay: true }, (socket) => {
      connections++;
      socket.on("error", () => {});
      socket.on("data", () => {
        requests++;
        void chunked(["keep-alive", "timeout=5, max=100"], ["hel", "lo"])({ socket } as never);
        if (closes) setImmediate(() => setImmediate(() => socket.end()));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    client.close();
    client = new LoneClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterEach(() => void server.close());

  const lane = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) expect((await ask(client, "/")).text).toBe("hello");
  };

  test("answers each of 16 clients that send one request after the other, and is learnt", async () => {
    await Promise.all(Array.from({ length: 16 }, () => lane(60)));
    // Each of the clients may have had a request on its way when the first connections ended.
    expect(client.resent).toBeLessThan(16 * 5);
    const before = client.resent;
    await lane(50);
    expect(client.resent - before).toBeLessThan(5);
  });

  test("is used as any other when it keeps its connections again", async () => {
    await lane(20);
    closes = false;
    await eventually(async () => {
      const before = connections;
      await lane(10);
      expect(connections).toBe(before);
    });
    expect(requests).toBeGreaterThan(30);
  });
});
