import { Packr } from "msgpackr";
import { afterEach, describe, expect, test, vi } from "vitest";
import { PayloadError } from "../../../../src/shared/errors.js";
import { answers } from "../../../../src/worker/server/answer.js";
import { ENVELOPE, SocketFixture, type SocketFixtureOptions } from "../../../support/socket-fixture.js";

let fixture: SocketFixture | undefined;
const start = async (options: SocketFixtureOptions = {}): Promise<SocketFixture> => {
  fixture = await SocketFixture.start(options);
  return fixture;
};
afterEach(async () => {
  vi.useRealTimers();
  await fixture?.stop();
});

const ended = ({ admission, metrics }: SocketFixture) => ({
  admitted: admission.admitted.length,
  rejected: admission.rejected.length,
  outcomes: metrics.outcomes,
});
const NOTHING = { success: 0, error: 0, cancelled: 0, rejected: 0 };

describe("the first message", () => {
  test("is the envelope in JSON where it is a text", async () => {
    const { admission, exchange } = await start();
    exchange.onFrame(Buffer.from(ENVELOPE), false);
    expect(admission.admitted).toEqual([exchange]);
  });

  test("is the envelope in msgpack where it is binary", async () => {
    const { admission, exchange } = await start();
    exchange.onFrame(new Packr({ useRecords: false }).pack(JSON.parse(ENVELOPE)), true);
    expect(admission.admitted).toEqual([exchange]);
  });

  test("does not go to the model, the second one does", async () => {
    const each = await start();
    const end = await each.open();
    each.send("second");
    expect(await end.receives(1)).toEqual(["second"]);
  });

  test.each([
    ["no JSON", "{", { error: "invalid JSON" }, "invalid JSON"],
    ["empty", "", { error: "invalid JSON" }, "invalid JSON"],
    ["no msgpack", Buffer.from([0xc1]), { error: "invalid msgpack" }, "invalid msgpack"],
    ["JSON, but binary", Buffer.from([0x7b]), undefined, undefined],
    [
      "no envelope",
      "{}",
      { auth_data: "field missing", payload: "field missing" },
      '{"auth_data":"field missing","payload":"field missing"}',
    ],
  ])("is refused with 4422 and all that is wrong: %s", async (_, message, body, reason) => {
    const each = await start();
    each.send(message);
    expect(each.client.closed?.code).toBe(4422);
    if (body !== undefined) expect(JSON.parse(String(each.client.messages[0]))).toEqual(body);
    if (reason !== undefined) expect(each.client.closed?.reason).toBe(reason);
    expect(each.client.messages).toHaveLength(1);
    expect(ended(each)).toEqual({ admitted: 0, rejected: 0, outcomes: { ...NOTHING, rejected: 1 } });
  });

  test("that a requestParser refuses is answered with its messages, the long ones whole in the text before the close", async () => {
    const each = await start({
      handler: {
        requestParser: () => {
          throw new PayloadError({ prompt: "é".repeat(500) });
        },
      },
    });
    each.send(ENVELOPE);
    expect(JSON.parse(String(each.client.messages[0]))).toEqual({ payload: { prompt: "é".repeat(500) } });
    expect(each.client.closed?.code).toBe(4422);
    expect(Buffer.byteLength(each.client.closed?.reason ?? "")).toBeLessThanOrEqual(123);
  });

  test("for which user code throws is answered 4500", async () => {
    const each = await start({
      handler: {
        requestParser: () => {
          throw new Error("secret");
        },
      },
    });
    each.send(ENVELOPE);
    expect(each.client.closed).toEqual({ code: 4500, reason: "the worker's own code failed" });
  });

  test("weighs the request by its payload", async () => {
    const weighed: unknown[] = [];
    const each = await start({ handler: { workloadCalculator: (payload) => weighed.push(payload) } });
    each.send(ENVELOPE.replace('"payload":{}', '"payload":{"n":1}'));
    expect(weighed).toEqual([{ n: 1 }]);
  });
});

describe("a request that is not admitted", () => {
  test.each([
    ["signed wrongly", answers.unsigned(), 4401],
    ["in a closed session", answers.invalidSession(), 4410],
    ["replayed", answers.replayed(), 4409],
    ["too late in the queue", answers.queueFull(31, 30), 4429],
    ["while the worker loads", answers.notReady({ open: false, reason: "loading" }), 4503],
  ])("gets the reason: %s", async (_, answer, code) => {
    const each = await start();
    each.admission.refusal = { answer, isReported: true };
    each.send(ENVELOPE);
    expect(each.client.messages).toEqual([JSON.stringify(answer.body)]);
    expect(each.client.closed?.code).toBe(code);
    expect(ended(each)).toEqual({ admitted: 0, rejected: 1, outcomes: { ...NOTHING, rejected: 1 } });
  });

  test("is not read further: what its client sends on is no second envelope", async () => {
    const each = await start();
    each.send("{");
    each.send(ENVELOPE);
    expect(each.client.messages).toHaveLength(1);
    expect(ended(each)).toEqual({ admitted: 0, rejected: 0, outcomes: { ...NOTHING, rejected: 1 } });
  });
});

describe("an envelope that does not come", () => {
  test("is waited for 30 s, and then the close is 4408", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const each = await start();
    vi.advanceTimersByTime(29_999);
    expect(each.client.closed).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(each.client.closed).toEqual({ code: 4408, reason: "the envelope did not arrive within 30 s" });
    expect(ended(each)).toEqual({ admitted: 0, rejected: 0, outcomes: { ...NOTHING, rejected: 1 } });
  });

  test("is waited for no longer once it arrived, or its client has left", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const [came, left] = [await start({ admission: { grantsAtOnce: false } }), await start()];
    came.send(ENVELOPE);
    left.exchange.onClose(1000, "");
    vi.advanceTimersByTime(60_000);
    expect([came.client.closed, left.client.closed]).toEqual([undefined, undefined]);
    expect(ended(left)).toEqual({ admitted: 0, rejected: 0, outcomes: { ...NOTHING, cancelled: 1 } });
    await came.stop();
  });
});
