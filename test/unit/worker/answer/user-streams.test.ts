import { describe, expect, test } from "vitest";
import { FunctionAnswer } from "../../../../src/worker/answer/function-answer.js";
import { GeneratedAnswer } from "../../../../src/worker/answer/generated-answer.js";
import type { BodyWriter, Responder } from "../../../../src/worker/server/http-server.js";
import { eventually } from "../../../support/eventually.js";

/** A client that reads everything at once, and what it and the exchange receive. */
function listening() {
  const received: string[] = [];
  const writer: BodyWriter = {
    write: (chunk) => received.push(chunk.toString()) > 0,
    end: () => received.push("end"),
    close: () => {},
  };
  const responder: Responder = {
    receive: () => {},
    pause: () => {},
    resume: () => {},
    refuse: () => {},
    answer: (_head, body) => received.push(String(body)),
    begin: () => writer,
    close: () => {},
  };
  const sink = {
    onBegun: () => {},
    onComplete: () => received.push("relayed"),
    onThrown: (error: unknown) => received.push(String(error)),
    onTimedOut: (message: string) => received.push(message),
    onModelFailed: (error: unknown) => received.push(String(error)),
  };
  return { received, responder, sink };
}

const LIMITS = { headersMs: null, idleMs: null };

describe("an iterator made by hand that is cancelled", () => {
  test.each<[string, () => unknown]>([
    ["may return no promise", () => ({ done: true })],
    [
      "may throw",
      () => {
        throw new Error("it cannot be ended");
      },
    ],
  ])("%s", async (_, end) => {
    const { received, responder, sink } = listening();
    let isEnded = false;
    const iterator = {
      next: () => new Promise((resolve) => setTimeout(() => resolve({ done: false, value: 1 }), 1)),
      return: () => {
        isEnded = true;
        return end();
      },
    };
    const answer = new FunctionAnswer(responder, LIMITS, sink);
    void answer.call(() => ({ [Symbol.asyncIterator]: () => iterator }), {});
    await eventually(() => received.length > 2);
    answer.cancel();
    expect(isEnded).toBe(true);
    expect(new Set(received)).toEqual(new Set(["1\n"]));
  });
});

test.each([
  ["a bigint", 1n],
  ["a function", () => 1],
])("a generator that yields %s is ended, and its signal aborts", async (_, value) => {
  const { received, responder, sink } = listening();
  let isEnded = false;
  let given: AbortSignal | undefined;
  async function* values(_payload: unknown, signal: AbortSignal) {
    given = signal;
    try {
      yield 1;
      yield value;
    } finally {
      isEnded = true;
    }
  }
  await new FunctionAnswer(responder, LIMITS, sink).call(values, {});
  await eventually(() => isEnded);
  expect(given?.aborted).toBe(true);
  expect(received).toEqual(["1\n", expect.stringContaining("TypeError")]);
});

describe("a generated answer", () => {
  const head = { status: 200, headers: [], isAscii: true, contentType: "", length: undefined };
  const generated = (response: () => Promise<Response>) => {
    const reported = listening();
    const request = new Request("http://worker/");
    const answer = new GeneratedAnswer(reported.responder, request, response, reported.sink);
    answer.onHead(head, () => {});
    return { answer, ...reported };
  };

  test("with pieces that are no bytes is broken off, rather than continued without them", async () => {
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue(Buffer.from("piece"));
        controller.enqueue(new ArrayBuffer(3));
        controller.close();
      },
    });
    const { received } = generated(async () => new Response(body));
    await eventually(() => expect(received).toEqual(["piece", expect.stringContaining("TypeError")]));
  });

  test("that comes when the client has disconnected is cancelled", async () => {
    let isCancelled = false;
    const body = new ReadableStream({
      cancel: () => {
        isCancelled = true;
      },
    });
    const { answer, received } = generated(async () => new Response(body));
    answer.cancel();
    await eventually(() => isCancelled);
    expect(received).toEqual([]);
  });
});
