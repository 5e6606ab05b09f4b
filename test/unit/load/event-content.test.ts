import { expect, test } from "vitest";
import { eventContent } from "../../../src/load/event-content.js";

test.each<readonly [string, number]>([
  ['{"choices":[{"text":" a"}]}', 1],
  ['{"choices":[{"index":0,"text":"a"},{"index":1,"text":"b"}]}', 2],
  ['{"choices":[{"delta":{"role":"assistant","content":""}}]}', 0],
  ['{"choices":[{"delta":{"content":"a"}}]}', 1],
  ['{"choices":[{"delta":{"reasoning_content":"hm"}}]}', 1],
  ['{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}}]}', 1],
  ['{"choices":[{"text":"","finish_reason":"stop"}]}', 0],
  ['{"choices":[],"usage":{"completion_tokens":64}}', 0],
  ['{"index":1,"token":{"id":5,"text":" sea","special":false},"generated_text":null}', 1],
  ['{"content":" sea","stop":false}', 1],
  ['{"content":"","stop":true}', 0],
  ['{"model":"m","response":"a","done":false}', 1],
  ['{"model":"m","message":{"role":"assistant","content":"a"},"done":false}', 1],
  ['{"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}', 1],
  ['{"type":"response.output_text.delta","delta":"a"}', 1],
  ['{"step":3,"of":20}', 0],
  ['"a"', 1],
  ["7", 0],
  ["null", 0],
  ["plain text", 1],
  ["", 0],
])("an event of %s has so many pieces of text: %d", (data, pieces) => {
  expect(eventContent(data)).toEqual({ pieces, error: undefined });
});

test.each([
  ['{"error":{"message":"too long","code":400}}', "too long"],
  ['{"error":"overloaded","error_type":"overloaded"}', "overloaded"],
  ['{"error":{"code":7}}', '{"code":7}'],
])("an event of %s is an error", (data, error) => {
  expect(eventContent(data).error).toBe(error);
});

test('an "error" that is null is none', () => {
  expect(eventContent('{"choices":[{"text":"a"}],"error":null}')).toEqual({ pieces: 1, error: undefined });
});
