import { expect, test } from "vitest";
import { devLogLine } from "../../../../src/cli/dev/dev-log-line.js";

test("a line of the worker's log is its message and what belongs to it", () => {
  expect(devLogLine('{"level":30,"time":"x","msg":"listening","port":3000}')).toEqual({
    text: "listening  port=3000",
    state: undefined,
    isBad: false,
  });
});

test("one with a state shows which", () => {
  expect(devLogLine('{"level":30,"msg":"state","state":"ready","maxPerf":1.23456}')).toEqual({
    text: "ready  maxPerf=1.235",
    state: "ready",
    isBad: false,
  });
});

test("one with what the worker waits for shows it", () => {
  const refused = "127.0.0.1:18000: connection refused";
  expect(devLogLine(`{"level":30,"msg":"waits for ${refused}"}`)).toEqual({
    text: `waits for ${refused}`,
    waitsFor: refused,
    state: undefined,
    isBad: false,
  });
});

test.each([
  ["a warning", '{"level":40,"msg":"late"}'],
  ["what a runtime throws", "TypeError: x is not a function"],
  ["what a compiler says", 'worker.ts:3:11: ERROR: Expected identifier but found "{"'],
])("%s is highlighted", (_, line) => {
  expect(devLogLine(line).isBad).toBe(true);
});

test("what else it prints is as it is, in cells that a terminal can count", () => {
  expect(devLogLine("\x1b[31mloaded\x1b[0m\t3 errors of none")).toEqual({
    text: "loaded  3 errors of none",
    state: undefined,
    isBad: false,
  });
});

test.each([
  ["as it is", "INFO: Application startup complete.", "INFO: Application startup complete."],
  ["its message, where it is JSON", '{"level":"INFO","message":"Downloading x"}', "Downloading x"],
  ["whole, where its JSON has no message", '{"level":"INFO"}', '{"level":"INFO"}'],
])("of a line of the model's log it shows the message of the model: %s", (_, line, said) => {
  const entry = { level: 30, msg: "model log", line, match: "x" };
  expect(devLogLine(JSON.stringify(entry))).toEqual({
    text: `model log  ${said}`,
    state: undefined,
    isBad: false,
  });
});
