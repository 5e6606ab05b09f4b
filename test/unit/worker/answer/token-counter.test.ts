import { expect, test } from "vitest";
import { TokenCounter, usageIn } from "../../../../src/worker/answer/token-counter.js";
import { GenerationMetrics } from "../../../../src/worker/metrics/generation-metrics.js";

test.each([
  ["OpenAI's", '{"choices":[],"usage":{"prompt_tokens":5,"total_tokens":12,"completion_tokens":7}}', 5, 7],
  ["with blanks", '{"usage": {"prompt_tokens": 5, "completion_tokens": 7}, "x": 1}', 5, 7],
  ["Anthropic's", '{"usage":{"input_tokens":5,"output_tokens":7}}', 5, 7],
  ["of an embedding", '{"usage":{"prompt_tokens":5,"total_tokens":5}}', 5, undefined],
  [
    "of a stream",
    'data: {"usage":null}\n\ndata: {"usage":{"prompt_tokens":5,"completion_tokens":7}}\n\ndata: [DONE]\n\n',
    5,
    7,
  ],
] as const)("usage %s is read", (_title, text, input, output) => {
  expect(usageIn(text)).toEqual({ input, output });
});

test("generated text is no usage", () => {
  const text = JSON.stringify({ choices: [{ text: '"usage":{"prompt_tokens":5,"completion_tokens":7}' }] });
  expect(usageIn(text)).toBeUndefined();
});

test("the usage of a stream is found however it is cut into pieces", () => {
  const events = Array.from({ length: 100 }, (_, index) => `data: {"text":"${"x".repeat(index)}"}\n\n`);
  const stream = Buffer.from(
    `${events.join("")}data: {"usage":{"prompt_tokens":5,"completion_tokens":7}}\n\ndata: [DONE]\n\n`,
  );
  for (const size of [1, 7, 100, 1000, 1024, 1025, 5000, stream.length]) {
    const metrics = new GenerationMetrics("chat");
    const counter = new TokenCounter(metrics, performance.now());
    for (let at = 0; at < stream.length; at += size) counter.piece(stream.subarray(at, at + size));
    counter.end(true);
    expect([metrics.inputTokens.sum, metrics.outputTokens.sum], `pieces of ${size}`).toEqual([5, 7]);
    expect(
      [metrics.timeToFirstToken, metrics.timePerOutputToken].map((each) => each.cumulative().at(-1)),
    ).toEqual([1, 1]);
  }
});

test("a whole answer has no time to a first token, and one without usage no tokens", () => {
  const metrics = new GenerationMetrics("chat");
  new TokenCounter(metrics, performance.now()).whole(
    Buffer.from('{"usage":{"prompt_tokens":5,"completion_tokens":7}}'),
  );
  new TokenCounter(metrics, performance.now()).whole(Buffer.from("{}"));
  const counts = (
    ["duration", "inputTokens", "outputTokens", "timeToFirstToken", "timePerOutputToken"] as const
  ).map((name) => metrics[name].cumulative().at(-1));
  expect(counts).toEqual([2, 1, 1, 0, 0]);
});
