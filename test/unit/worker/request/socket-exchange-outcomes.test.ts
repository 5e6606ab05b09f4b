import { afterEach, describe, expect, test, vi } from "vitest";
import type { Handler } from "../../../../src/worker/config/config-schema.js";
import { answers } from "../../../../src/worker/server/answer.js";
import { eventually } from "../../../support/eventually.js";
import { headBytes, plain, rawThenClose, silent } from "../../../support/raw-model.js";
import {
  closeSession,
  ENVELOPE,
  SocketFixture,
  type SocketFixtureOptions,
} from "../../../support/socket-fixture.js";

/** Three, and what a slow machine adds; without a limit of the worker's own it would be the 30 s of `ws`. */
const FEW_SECONDS = { timeoutMs: 20_000 };

let fixture: SocketFixture | undefined;
const start = async (options: SocketFixtureOptions = {}): Promise<SocketFixture> => {
  fixture = await SocketFixture.start(options);
  return fixture;
};
afterEach(async () => {
  vi.useRealTimers();
  await fixture?.stop();
});

const limits = (parts: Partial<Handler["timeouts"]>): SocketFixtureOptions => ({
  handler: { timeouts: { connectMs: null, headersMs: null, idleMs: null, totalMs: null, ...parts } },
});

/** Waits until the request has ended, and sees that it did so once, in all books. */
async function endsAs(each: SocketFixture, outcome: "success" | "error" | "cancelled", status: number) {
  await eventually(() => each.admission.endings.length > 0);
  expect(each.admission.endings).toEqual([{ outcome, retryable: outcome === "error" && status >= 500 }]);
  expect(each.metrics.outcomes).toEqual({ success: 0, error: 0, cancelled: 0, rejected: 0, [outcome]: 1 });
  expect([...each.metrics.statuses()]).toEqual([[status, 1]]);
  await eventually(() => expect(each.model.connections).toBe(0));
}

describe("the model closes", () => {
  test.each([
    ["with code and reason", 1000, "done", { code: 1000, reason: "done" }],
    ["with a code of its own", 4321, "", { code: 4321, reason: "" }],
    ["without a code", undefined, undefined, { code: 1005, reason: "" }],
  ])("%s: the same go to the client, behind all frames: success", async (_, code, reason, closed) => {
    const each = await start();
    const end = await each.open();
    for (let n = 0; n < 1000; n++) end.socket.send(String(n));
    end.socket.close(code, reason);
    await endsAs(each, "success", 101);
    expect(each.client.messages).toEqual(["hello", ...Array.from({ length: 1000 }, (__, n) => String(n))]);
    expect(each.client.closed).toEqual(closed);
  });

  test("as soon as it has accepted: success, without a frame", async () => {
    const each = await start({ onAccepted: ({ socket }) => socket.close(1013, "busy") });
    each.send(ENVELOPE);
    await endsAs(each, "success", 101);
    expect(each.client).toMatchObject({ messages: [], closed: { code: 1013, reason: "busy" } });
  });
});

describe("the client closes", () => {
  test.each([
    ["with code and reason", 1000, "bye", { code: 1000, reason: "bye" }],
    ["with a code of its own", 4001, "", { code: 4001, reason: "" }],
    ["without a code", 1005, "", { code: 1005, reason: "" }],
  ])("%s: the same go to the model, behind all frames: success", async (_, code, reason, closed) => {
    const each = await start();
    const end = await each.open();
    const sent = Array.from({ length: 1000 }, (__, n) => String(n));
    for (const message of sent) each.send(message);
    each.exchange.onClose(code, reason);
    await endsAs(each, "success", 101);
    expect(end.messages).toEqual(sent);
    expect(await end.isClosed()).toEqual(closed);
    expect(each.client.closed).toBeUndefined();
  });

  test("and the model still sends before it answers: nothing is passed on, success", async () => {
    const each = await start();
    const end = await each.open();
    await eventually(() => each.client.messages.length === 1);
    each.exchange.onClose(1000, "");
    end.socket.send("too late");
    await endsAs(each, "success", 101);
    expect(each.client.messages).toEqual(["hello"]);
  });

  test("and the model does not answer that: its turn ends after a few seconds, success", async () => {
    const each = await start();
    const end = await each.open();
    end.socket.pause();
    await eventually(() => each.client.messages.length === 1);
    each.exchange.onClose(1000, "");
    expect(each.admission.endings).toEqual([]);
    await eventually(() => each.admission.endings.length === 1, FEW_SECONDS);
    end.socket.terminate();
    await endsAs(each, "success", 101);
  });
});

describe("the client has closed, and the model has not answered yet", () => {
  test("when the worker ends it: a success, at once", async () => {
    const each = await start();
    const end = await each.open();
    await eventually(() => each.client.messages.length === 1);
    end.socket.pause();
    each.exchange.onClose(1000, "");
    each.exchange.abort(answers.stopped());
    expect(each.admission.endings).toEqual([{ outcome: "success", retryable: false }]);
    end.socket.terminate();
    await endsAs(each, "success", 101);
  });

  test("when the model breaks off: a success", async () => {
    const each = await start();
    const end = await each.open();
    await eventually(() => each.client.messages.length === 1);
    end.socket.pause();
    each.exchange.onClose(1000, "");
    end.request.socket.destroy();
    await endsAs(each, "success", 101);
  });
});

describe("the client", () => {
  test("vanishes: cancelled, the model receives the close code of a peer that goes away", async () => {
    const each = await start();
    const end = await each.open();
    each.exchange.onClose(1006, "");
    await endsAs(each, "cancelled", 499);
    expect(await end.isClosed()).toEqual({ code: 1001, reason: "" });
  });

  test.each([1000, 1005, 1006])(
    "leaves before its turn (%i): cancelled, the model is not called",
    async (code) => {
      const each = await start({ admission: { grantsAtOnce: false } });
      each.send(ENVELOPE);
      each.send("kept");
      each.exchange.onClose(code, "");
      each.admission.grant();
      await endsAs(each, "cancelled", 499);
      expect(each.model.requests).toEqual([]);
    },
  );

  test.each([1000, 1005, 1006])("leaves while the model is dialled (%i): cancelled", async (code) => {
    const each = await start();
    each.model.on("/ws", silent);
    each.send(ENVELOPE);
    await eventually(() => each.model.requests.length === 1);
    each.exchange.onClose(code, "");
    await endsAs(each, "cancelled", 499);
  });

  test("leaves in the same breath in which its turn comes: cancelled", async () => {
    const each = await start();
    each.send(ENVELOPE);
    each.exchange.onClose(1006, "");
    await endsAs(each, "cancelled", 499);
  });
});

describe("the model", () => {
  test.each([
    ["refuses", plain({ status: 403 }), "the model answered 403 instead of accepting the WebSocket"],
    [
      "answers as if it were a request",
      plain({ body: "{}" }),
      "the model answered 200 instead of accepting the WebSocket",
    ],
    [
      "sends elsewhere, which is not followed",
      plain({ status: 302, headers: ["location", "/other"] }),
      "the model answered 302 instead of accepting the WebSocket",
    ],
    [
      "speaks something else",
      rawThenClose("SSH-2.0\r\n"),
      "the model is unreachable or did not accept the WebSocket",
    ],
    ["closes the connection", rawThenClose(""), "the model is unreachable or did not accept the WebSocket"],
    [
      "accepts with a wrong key",
      rawThenClose(
        headBytes(101, ["upgrade", "websocket", "connection", "upgrade", "sec-websocket-accept", "no"]),
      ),
      "the model is unreachable or did not accept the WebSocket",
    ],
  ])("%s: 4502, an error", async (_, behaviour, fault) => {
    const each = await start();
    each.model.on("/ws", behaviour);
    each.send(ENVELOPE);
    await endsAs(each, "error", 502);
    expect(each.client.messages).toEqual([JSON.stringify({ error: fault })]);
    expect(each.client.closed).toEqual({ code: 4502, reason: fault });
    expect(each.model.requests).toHaveLength(1);
  });

  test("is not there: 4502, an error", async () => {
    const each = await start();
    await each.model.stop();
    each.send(ENVELOPE);
    await endsAs(each, "error", 502);
    expect(each.client.closed?.code).toBe(4502);
    await each.model.listen();
  });

  test("never accepts: 4504 after headersMs, an error", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const each = await start(limits({ headersMs: 100 }));
    each.model.on("/ws", silent);
    each.send(ENVELOPE);
    await eventually(() => expect(each.model.requests).toHaveLength(1));
    vi.advanceTimersByTime(100);
    await endsAs(each, "error", 504);
    const fault = "the model did not accept the WebSocket within 100 ms";
    expect(each.client).toMatchObject({
      messages: [JSON.stringify({ error: fault })],
      closed: { code: 4504, reason: fault },
    });
  });

  test("breaks off: all frames, then 4502 without a frame of the worker's own, an error", async () => {
    const each = await start();
    const end = await each.open();
    for (let n = 0; n < 100; n++) end.socket.send(String(n));
    await eventually(() => each.client.messages.length === 101);
    end.request.socket.destroy();
    await endsAs(each, "error", 502);
    expect(each.client.messages).toHaveLength(101);
    expect(each.client.closed).toEqual({ code: 4502, reason: "the model broke the WebSocket off" });
  });

  test("breaks off before its first frame: 4502 with the answer in a frame, an error", async () => {
    const each = await start();
    each.send(ENVELOPE);
    const end = await each.accepting.accepted();
    end.request.socket.destroy();
    await endsAs(each, "error", 502);
    expect(each.client.messages).toEqual(['{"error":"the model broke the WebSocket off"}']);
  });

  test.each([
    ["what is no frame", Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ["a text that is no UTF-8", Buffer.from([0x81, 2, 0xc3, 0x28])],
    ["a close with a code that may not be sent", Buffer.from([0x88, 2, 1015 >> 8, 1015 & 0xff])],
  ])("sends %s: 4502, an error", async (_, bytes) => {
    const each = await start();
    const end = await each.open();
    await eventually(() => each.client.messages.length === 1);
    end.request.socket.write(bytes);
    await endsAs(each, "error", 502);
    expect(each.client.closed?.code).toBe(4502);
  });

  test("sends a larger frame than bodies may be: 4502, an error", async () => {
    const each = await start({ admission: { maxBodyBytes: 1000 } });
    const end = await each.open("a".repeat(1000));
    end.socket.send("a".repeat(1001));
    await endsAs(each, "error", 502);
    expect(each.client).toMatchObject({ messages: ["a".repeat(1000)], closed: { code: 4502 } });
  });

  test("is silent for idleMs: 4504, an error; every frame begins that anew", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const each = await start(limits({ idleMs: 200 }));
    const end = await each.open("0");
    for (let received = 1; received <= 5; received++) {
      await eventually(() => expect(each.client.messages).toHaveLength(received));
      vi.advanceTimersByTime(199);
      expect(each.admission.endings).toEqual([]);
      end.socket.send(String(received));
    }
    await eventually(() => expect(each.client.messages).toHaveLength(6));
    vi.advanceTimersByTime(200);
    await endsAs(each, "error", 504);
    expect(each.client.messages).toHaveLength(6);
    expect(each.client.closed).toEqual({ code: 4504, reason: "the model was silent for 200 ms" });
    expect(await end.isClosed()).toMatchObject({ code: 1001 });
  });

  test("takes longer than totalMs in all: 4504, an error", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const each = await start(limits({ totalMs: 200 }));
    const end = await each.open();
    await eventually(() => expect(each.client.messages).toEqual(["hello"]));
    vi.advanceTimersByTime(200);
    await endsAs(each, "error", 504);
    expect(each.client).toMatchObject({ messages: ["hello"], closed: { code: 4504 } });
    expect(await end.isClosed()).toMatchObject({ code: 1001 });
  });
});

describe("the worker ends it", () => {
  test("before its turn: the client receives the reason, and is not served later", async () => {
    const each = await start({ admission: { grantsAtOnce: false } });
    each.send(ENVELOPE);
    each.exchange.abort(answers.stopped());
    each.admission.grant();
    await endsAs(each, "error", 503);
    expect(each.client.closed?.code).toBe(4503);
    expect(each.model.requests).toEqual([]);
  });

  test("while the model is dialled", async () => {
    const each = await start();
    each.model.on("/ws", silent);
    each.send(ENVELOPE);
    await eventually(() => each.model.requests.length === 1);
    closeSession(each.exchange);
    await endsAs(each, "cancelled", 410);
    expect(each.client.closed).toEqual({ code: 4410, reason: "invalid session" });
  });

  test("while frames flow: the client receives the reason by the close alone, and the model receives 1001", async () => {
    const each = await start();
    const end = await each.open();
    await eventually(() => each.client.messages.length === 1);
    closeSession(each.exchange);
    await endsAs(each, "cancelled", 410);
    expect(each.client).toMatchObject({
      messages: ["hello"],
      closed: { code: 4410, reason: "invalid session" },
    });
    expect(await end.isClosed()).toEqual({ code: 1001, reason: "" });
  });

  test("and a model that does not answer the close is left after a few seconds", async () => {
    const each = await start();
    const end = await each.open();
    await eventually(() => each.client.messages.length === 1);
    end.socket.pause();
    closeSession(each.exchange);
    expect(each.admission.endings).toHaveLength(1);
    const { socket } = end.request;
    socket.resume();
    await eventually(() => socket.readableEnded || socket.destroyed, FEW_SECONDS);
  });
});

test("an error in the worker's own ledger ends this request alone", async () => {
  const each = await start();
  each.admission.admit = () => {
    throw new Error("no such queue");
  };
  each.send(ENVELOPE);
  expect(each.client.closed).toEqual({ code: 4500, reason: "the worker failed to handle the request" });
});
