import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { GeneratedAnswer } from "../../../../src/worker/answer/generated-answer.js";
import type { Responder } from "../../../../src/worker/server/http-server.js";

const responder: Responder = {
  receive() {},
  pause() {},
  resume() {},
  answer() {},
  refuse() {},
  begin: () => ({ write: () => true, end() {}, close() {} }),
  close() {},
};

test("a response that comes after the end of its request is cancelled", async () => {
  let isCancelled = false;
  let generate = (_response: Response): void => {};
  const received: string[] = [];
  const answer = new GeneratedAnswer(
    responder,
    new Request("http://worker/"),
    () => new Promise((resolve) => (generate = resolve)),
    {
      onBegun: () => received.push("begun"),
      onComplete: () => received.push("relayed"),
      onModelFailed: () => received.push("model failed"),
      onThrown: () => received.push("thrown"),
    },
  );
  answer.onHead({ status: 200, headers: [], isAscii: true, contentType: "", length: undefined }, () => {});
  answer.cancel();
  generate(
    new Response(
      new ReadableStream({
        cancel: () => {
          isCancelled = true;
        },
      }),
    ),
  );
  await turn();
  expect(isCancelled).toBe(true);
  expect(received).toEqual([]);
});
