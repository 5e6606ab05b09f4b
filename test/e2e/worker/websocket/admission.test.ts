import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { SocketClient } from "../../../support/socket-client.js";
import { SocketModel } from "../../../support/socket-model.js";
import { pair, send } from "../../../support/socket-pair.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const LIMIT = 1024 * 1024;

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/serial", websocket: true, maxQueueTime: null },
      { route: "/other", maxQueueTime: null },
      { route: "/parallel", websocket: true, allowParallelRequests: true, maxQueueTime: null },
      { route: "/parsed", websocket: true, requestParser: "needsPrompt" },
      { route: "/throws", websocket: true, requestParser: "throws" },
      { route: "/hurried", websocket: true, allowParallelRequests: true, maxQueueTime: 0.5 },
      { route: "/weighed", websocket: true, allowParallelRequests: true, workloadCalculator: "cost" },
    ],
    config: { maxBodyBytes: LIMIT },
  });
});
afterEach(() => fixture.expectServing());
afterAll(() => fixture.stop());

/** What a client receives that sends this first. */
async function refusalAt(path: string, message: unknown) {
  const client = await SocketClient.connect(fixture.worker.url + path);
  client.send(message);
  const { code, reason } = await client.isClosed();
  expect(client.messages).toHaveLength(1);
  return { code, reason, body: JSON.parse(String(client.messages[0])) as unknown };
}

describe("a refused client gets the reason, in a text and by the close", () => {
  test.each([
    ["no JSON", () => "{", 4422, "invalid JSON"],
    ["no msgpack", () => Buffer.from([0xc1]), 4422, "invalid msgpack"],
    [
      "signed with another key",
      () => ({ ...fixture.envelope(), auth_data: { ...fixture.envelope().auth_data, signature: "AAAA" } }),
      4401,
      "the signature does not match the url in auth_data",
    ],
    ["of an unknown session", () => ({ ...fixture.envelope(), session_id: "none" }), 4410, "invalid session"],
  ])("%s", async (_, message, code, reason) => {
    expect(await refusalAt("/serial", message())).toEqual({ code, reason, body: { error: reason } });
  });

  test("all errors of an envelope at once", async () => {
    const { code, reason, body } = await refusalAt("/serial", {});
    expect(code).toBe(4422);
    expect(body).toEqual({ auth_data: "field missing", payload: "field missing" });
    expect(JSON.parse(reason)).toEqual(body);
  });

  test("a payload that the requestParser does not want", async () => {
    expect(await refusalAt("/parsed", fixture.envelope({}))).toMatchObject({
      code: 4422,
      body: { payload: { prompt: "must be a string" } },
    });
  });

  test("a requestParser that throws", async () => {
    expect(await refusalAt("/throws", fixture.envelope({}))).toMatchObject({ code: 4500 });
    await eventually(() =>
      expect(fixture.worker.lines.map(({ msg }) => msg)).toContain("requestParser threw"),
    );
  });

  test("too long a queue", async () => {
    const { client } = await pair(fixture, "/hurried");
    const { code, reason } = await refusalAt("/hurried", fixture.envelope());
    expect(code).toBe(4429);
    expect(reason).toContain("the limit is 0.5 s");
    client.socket.close();
    await client.isClosed();
  });
});

test("a first message that is larger than bodies may be closes the socket", async () => {
  const client = await SocketClient.connect(`${fixture.worker.url}/serial`);
  client.send("a".repeat(LIMIT + 1));
  await client.isClosed();
  expect(client.messages).toEqual([]);
});

test("a first message of more than 64 KiB is refused, also a signed one: it is not verified yet", async () => {
  const { code, body } = await refusalAt("/serial", { ...fixture.envelope(), more: "a".repeat(64 * 1024) });
  expect({ code, body }).toEqual({ code: 4413, body: { error: "the body is larger than 65536 bytes" } });
});

describe("in the queue", () => {
  test("WebSockets are served one after the other, with requests among them, and what was sent early is kept", async () => {
    const first = await pair(fixture, "/serial");
    const asked = fixture.model.requests.length;
    const model = new SocketModel();
    fixture.model.on("/serial", model.accept);
    const second = await send(fixture, "/serial");
    second.client.send("early");
    second.client.send(Buffer.from("bird"));
    await fixture.roundTrip();
    const request = fixture.post("/other");
    await fixture.roundTrip();
    expect(fixture.model.requests).toHaveLength(asked);

    first.client.socket.close(1000);
    const end = await model.accepted();
    expect(await end.receives(2)).toEqual(["early", Buffer.from("bird")]);
    expect(fixture.model.requests).toHaveLength(asked + 1);
    end.socket.close(1000);
    expect((await request).status).toBe(200);
    await Promise.all([
      fixture.expectReported(first.sent, "Success"),
      fixture.expectReported(second.sent, "Success"),
    ]);
  });

  test("a WebSocket counts with the workload of its payload, as long as it is open", async () => {
    const { client, sent } = await pair(fixture, "/weighed", { payload: { cost: 17 } });
    await eventually(() =>
      expect(fixture.engine.reports.at(-1)).toMatchObject({
        cur_load: 17,
        working_request_idxs: [sent.auth_data.request_idx],
      }),
    );
    client.socket.close(1000);
    await eventually(() => expect(fixture.engine.reports.at(-1)).toMatchObject({ cur_load: 0 }));
    await fixture.expectReported(sent, "Success");
  });
});

describe("a request that is no WebSocket handshake", () => {
  test.each(["GET", "POST"])("is answered 426 with the upgrade that is required (%s)", async (method) => {
    const reply = await fixture.ask("/serial", { method, body: fixture.envelope() });
    expect(reply.status).toBe(426);
    expect(reply.headers.upgrade).toBe("websocket");
  });
});
