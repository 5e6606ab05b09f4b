import { describe, expect, test } from "vitest";
import { generatedTokens } from "../../../../src/shared/generated-tokens.js";
import { scrubber } from "../../../../src/shared/scrubber.js";
import { errorIn, KeptAnswer, messageOf, quoted } from "../../../../src/worker/model/error-in-answer.js";

/** An answer that came in pieces of so many bytes. */
function answer(text: string, piece = text.length + 1): KeptAnswer {
  const kept = new KeptAnswer();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += piece) kept.add(bytes.subarray(at, at + piece));
  return kept;
}

const CHUNK = '{"object":"text_completion","choices":[{"text":"hello"}],"error":null}';

describe("an answer with the status 200 is an error where it is", () => {
  test.each([
    ['{"object":"error","message":"model `x` does not exist","code":404}', "model `x` does not exist"],
    ['{"error":{"message":"context too long","code":400}}', "context too long"],
    ['\ufeff \n {"error":"overloaded","error_type":"overloaded"}', "overloaded"],
    ['{\n  "error": {\n    "message": "pretty"\n  }\n}\n', "pretty"],
    ['{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', "Overloaded"],
    ['{"error":{"code":7}}', '{"error":{"code":7}}'],
    ['{"error":true,"detail":"no such node"}', "no such node"],
    ['data: {"error":{"message":"too long"}}', "too long"],
    ['data:{"error":"too long","error_type":"validation"}\n\n', "too long"],
    ['\ufeff: ping\r\n\r\nretry: 10\r\nevent: error\r\ndata: {"message":"no memory"}\r\n\r\n', "no memory"],
    ["event: error\ndata: out of\ndata: memory\n\n", "out of\nmemory"],
    ["event:error\n\n", ""],
    [`data: ${CHUNK}\n\ndata: {"error":{"message":"died"}}\n\ndata: [DONE]\n\n`, "died"],
    [`${'{"response":"a","done":false}\n'.repeat(3)}{"error":"runner stopped"}\n`, "runner stopped"],
  ])("%j", (text, message) => {
    expect(errorIn(answer(text))).toBe(message);
    expect(errorIn(answer(text, 1))).toBe(message);
  });

  test("a stream that begins with one, however long it is", () => {
    const text = `data: {"error":{"message":"too long"}}\n\n${`data: ${CHUNK}\n\n`.repeat(5000)}`;
    expect(errorIn(answer(text, 1000))).toBe("too long");
  });
});

describe("an answer with the status 200 is none", () => {
  test.each([
    "",
    '{"answer":"yes"}',
    '{"choices":[{"text":"{\\"error\\":{\\"message\\":\\"no\\"}}"}],"error":null}',
    '{"images":["QUJD"],"error":"","errors":0}',
    '{"error":false,"data":[1]}',
    '{"result":{"error":"inside"}}',
    '[{"error":"in a list"}]',
    "an error",
    "event: token\ndata: {}\n\n",
    `data: ${CHUNK}\n\ndata: [DONE]\n\n`,
    `data: {"token":{"text":"event: error"}}\n\n`,
  ])("%j", (text) => {
    expect(errorIn(answer(text))).toBeUndefined();
  });
});

describe("of a bad status the message is taken", () => {
  test.each([
    ['{"error":{"message":"The model `x` does not exist"}}', "The model `x` does not exist"],
    ['{"error":{"message":"The model `x` does not exist"', "The model `x` does not exist"],
    [`{"error":{"message":"too long","trace":"${"x".repeat(200_000)}"}}`, "too long"],
    ['{"object":"error","message":"no","code":404}', "no"],
    ['{"detail":"Not Found"}', "Not Found"],
    ['{"detail":[{"msg":"field required"}]}', '{"detail":[{"msg":"field required"}]}'],
    ['data: {"error":"busy"}\n\n', "busy"],
    ["<html>502</html>", "<html>502</html>"],
    ["", ""],
  ])("%j", (text, message) => {
    expect(messageOf(answer(text, 1000))).toBe(message);
  });
});

describe("the model's message is quoted", () => {
  const scrub = scrubber(["the-token-of-this-worker"]);

  test("in one line without control characters", () => {
    expect(quoted("\u001b[31mbad\u001b[0m\r\n\tthing\u0000\u2028\u202eend ", scrub)).toBe("bad thing end");
  });

  test("in its first 200 characters, none of them cut in two", () => {
    expect(quoted("x".repeat(500), scrub)).toBe("x".repeat(200));
    expect(quoted("🙂".repeat(500), scrub)).toBe("🙂".repeat(200));
  });

  test("without secrets, wherever it is cut", () => {
    const text = `${"x".repeat(190)} the-token-of-this-worker`;
    expect(quoted(text, scrub)).toBe(`${"x".repeat(190)} [redacted`);
    expect(quoted("got Authorization: Bearer abc", scrub)).toBe("got Authorization: Bearer [redacted]");
  });
});

describe("the tokens that an answer has", () => {
  test.each([
    ['{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":209,"total_tokens":218}}', 209],
    ['{"usage":{"input_tokens":9,"output_tokens" : 12}}', 12],
    ['{"generated_text":"x","details":{"finish_reason":"length","generated_tokens":128,"tokens":[]}}', 128],
    ['{"content":"x","tokens_predicted":33,"timings":{"prompt_n":250,"predicted_n":33}}', 33],
    ['{"response":"x","prompt_eval_count":26,"eval_count":290}', 290],
    ['data: {"usage":{"completion_tokens":1}}\n\ndata: {"usage":{"completion_tokens":7}}\n\ndata: [DONE]', 7],
    ['{"text":"\\"completion_tokens\\": 5"}', undefined],
    ['{"usage":{"completion_tokens":null}}', undefined],
    ['{"usage":{"prompt_tokens":9,"total_tokens":9}}', undefined],
    ["", undefined],
  ])("%j", (text, tokens) => {
    expect(generatedTokens(text)).toBe(tokens);
  });

  test("are found at the end of a long answer, of which little is kept", () => {
    const kept = answer(`{"text":"${"x".repeat(1_000_000)}","usage":{"completion_tokens":209}}`, 10_000);
    expect(kept.isWhole).toBe(false);
    expect(kept.head.length + kept.tail.length).toBeLessThan(200_000);
    expect(generatedTokens(kept.tail)).toBe(209);
  });
});
