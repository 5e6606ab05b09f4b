import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { FunctionAnswer, type RemoteFunction } from "../../../../src/worker/answer/function-answer.js";
import type { Responder } from "../../../../src/worker/server/http-server.js";
import { eventually } from "../../../support/eventually.js";

const responder: Responder = {
  receive() {},
  pause() {},
  resume() {},
  answer() {},
  refuse() {},
  begin: () => ({ write: () => true, end() {}, close() {} }),
  close() {},
};

/** The answer of a function to any client, and what its sink receives. */
function called(remoteFunction: RemoteFunction) {
  const received: string[] = [];
  const answer = new FunctionAnswer(
    responder,
    { headersMs: null, idleMs: null },
    {
      onBegun: () => received.push("begun"),
      onComplete: () => received.push("relayed"),
      onThrown: (error) => received.push(String(error)),
      onTimedOut: () => received.push("timed out"),
    },
  );
  void answer.call(remoteFunction, {});
  return { answer, received };
}

test.each([
  ["returns no promise", () => ({ done: true, value: undefined })],
  [
    "throws",
    () => {
      throw new Error("not now");
    },
  ],
])("an iterator whose return() %s can be cancelled all the same", async (_, end) => {
  const iterator = { next: () => new Promise(() => {}), return: end };
  const { answer, received } = called(() => ({ [Symbol.asyncIterator]: () => iterator }));
  await turn();
  answer.cancel();
  await turn();
  expect(received).toEqual([]);
});

test("a generator that yields what is no JSON is ended, and its signal aborts", async () => {
  let isEnded = false;
  let isAborted = false;
  const { received } = called(async function* (_payload, signal) {
    signal.addEventListener("abort", () => {
      isAborted = true;
    });
    try {
      yield 1;
      yield 2n;
    } finally {
      isEnded = true;
    }
  });
  await eventually(() => expect(received).toHaveLength(2));
  expect(received).toEqual(["begun", "TypeError: Do not know how to serialize a BigInt"]);
  await eventually(() => expect({ isEnded, isAborted }).toEqual({ isEnded: true, isAborted: true }));
});
