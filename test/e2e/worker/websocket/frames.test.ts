import { Packr } from "msgpackr";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { servedByNode } from "../../../support/served-by.js";
import { SocketClient } from "../../../support/socket-client.js";
import { SocketModel } from "../../../support/socket-model.js";
import { pair, type Sent } from "../../../support/socket-pair.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [{ route: "/ws", websocket: true, allowParallelRequests: true, maxQueueTime: null }],
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** The client closes, and that is a success. */
async function ends({ client, sent }: Sent): Promise<void> {
  client.socket.close(1000);
  await client.isClosed();
  await fixture.expectReported(sent, "Success");
}

describe("the envelope comes", () => {
  test("as the first message, in JSON; it does not go to the model", async () => {
    const { client, sent, end } = await pair(fixture, "/ws");
    client.send("next");
    expect(await end.receives(1)).toEqual(["next"]);
    await ends({ client, sent });
  });

  test("as the first message, in msgpack", async () => {
    const model = new SocketModel();
    fixture.model.on("/ws", model.accept);
    const client = await SocketClient.connect(`${fixture.worker.url}/ws`);
    const sent = fixture.envelope();
    client.send(Buffer.from(new Packr({ useRecords: false }).pack(sent)));
    await model.accepted();
    await ends({ client, sent });
  });

  test("in the query, as browsers need it: the other parameters go to the model unchanged", async () => {
    const model = new SocketModel();
    fixture.model.on("/ws?clientId=a%20b&x", model.accept);
    const sent = fixture.envelope({ ü: "&" });
    const envelope = encodeURIComponent(JSON.stringify(sent));
    const client = await SocketClient.connect(
      `${fixture.worker.url}/ws?clientId=a%20b&envelope=${envelope}&x`,
    );
    const end = await model.accepted();
    client.send("first");
    expect(await end.receives(1)).toEqual(["first"]);
    await ends({ client, sent });
  });
});

test("the subprotocol that the client offers first is the one of both sides", async () => {
  const { client, sent, end } = await pair(fixture, "/ws", {}, { protocols: ["a.v2", "a.v1"] });
  expect([client.socket.protocol, end.socket.protocol]).toEqual(["a.v2", "a.v2"]);
  expect(end.request.headers.get("sec-websocket-protocol")).toBe("a.v2");
  await ends({ client, sent });
});

test("no credentials of the client's go to the model", async () => {
  const headers = { authorization: "Bearer secret", cookie: "a=b", origin: "http://elsewhere" };
  const { client, sent, end } = await pair(fixture, "/ws", {}, { headers });
  for (const name of Object.keys(headers)) expect(end.request.headers.has(name)).toBe(false);
  expect(end.request.headers.has("sec-websocket-extensions")).toBe(false);
  await ends({ client, sent });
});

describe("frames flow both ways", () => {
  const messages = ["text", Buffer.from([0, 1, 255]), "", Buffer.alloc(0), "ü😀", "a".repeat(70_000)];

  test("as they are: text as text, bytes as bytes, in order", async () => {
    const { client, sent, end } = await pair(fixture, "/ws");
    for (const message of messages) {
      client.send(message);
      end.socket.send(message);
    }
    expect(await end.receives(messages.length)).toEqual(messages);
    expect(await client.receives(messages.length)).toEqual(messages);
    await ends({ client, sent });
  });

  test("of 20 MB from the model, and as large as the server takes them from the client", async () => {
    const { client, sent, end } = await pair(fixture, "/ws");
    const large = Buffer.alloc(20_000_000, "0123456789");
    const largest = servedByNode ? large : large.subarray(0, 16 * 1024 * 1024);
    client.send(largest);
    end.socket.send(large);
    const [fromModel] = await client.receives(1, 60_000);
    expect(large.equals(Buffer.from(fromModel ?? ""))).toBe(true);
    const [fromClient] = await end.receives(1, 60_000);
    expect(largest.equals(Buffer.from(fromClient ?? ""))).toBe(true);
    await ends({ client, sent });
  });

  test("in pieces: a fragmented message comes whole", async () => {
    const { client, sent, end } = await pair(fixture, "/ws");
    for (const { socket } of [client, end]) {
      socket.send("in ", { fin: false });
      socket.send("pieces", { fin: true });
    }
    expect([await client.receives(1), await end.receives(1)]).toEqual([["in pieces"], ["in pieces"]]);
    await ends({ client, sent });
  });

  test("over 50 WebSockets at once, none of which receives another's", async () => {
    const model = new SocketModel(({ socket }) => socket.on("message", (data) => socket.send(data)));
    fixture.model.on("/ws", model.accept);
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const client = await SocketClient.connect(`${fixture.worker.url}/ws`);
        const sent = fixture.envelope();
        client.send(sent);
        for (let turn = 0; turn < 20; turn++) client.send(Buffer.from(`${n}: ${turn}`));
        const received = await client.receives(20, 10_000);
        expect(received.map(String)).toEqual(Array.from({ length: 20 }, (__, turn) => `${n}: ${turn}`));
        await ends({ client, sent });
      }),
    );
  });

  test("and pings are answered on either side by the worker itself", async () => {
    const { client, sent, end } = await pair(fixture, "/ws");
    const pongs: string[] = [];
    const ponged = [client, end].map(
      ({ socket }) =>
        new Promise<void>((resolve) => {
          socket.once("pong", (data) => {
            pongs.push(data.toString());
            resolve();
          });
        }),
    );
    client.socket.ping("of the client");
    end.socket.ping("of the model");
    await Promise.all(ponged);
    expect(pongs.toSorted()).toEqual(["of the client", "of the model"]);
    expect([client.messages, end.messages]).toEqual([[], []]);
    await ends({ client, sent });
  });
});
