import { appendFileSync, writeFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { type AnyEventObject, createActor, setup } from "xstate";
import { watchLog } from "../../src/model/watch-log.js";
import { eventually } from "../support/eventually.js";
import { keptLog } from "./support/kept-log.js";
import { logPath, openHandles } from "./support/tailed.js";

const ACTIONS = {
  onLoad: ["ready", "startup complete"],
  onError: ["Traceback", "failed"],
  onInfo: ["Download"],
};

/** A watched log, and what its parent hears. */
async function watched() {
  const file = await logPath();
  writeFileSync(file, "");
  const { log, lines } = keptLog();
  const heard: AnyEventObject[] = [];
  const parent = createActor(
    setup({ actors: { watch: watchLog(file, ACTIONS, log) } }).createMachine({
      invoke: { src: "watch" },
      on: { "*": { actions: ({ event }) => heard.push(event) } },
    }),
  ).start();
  onTestFinished(() => {
    parent.stop();
  });
  return { file, heard, lines, stop: () => parent.stop() };
}

test("each line that matches is told with the substring, and an error counts more than loaded, more than information", async () => {
  const { file, heard, lines } = await watched();
  const text = [
    "nothing of interest",
    "Download 10%",
    "startup complete",
    "Download failed, not ready",
    "ready after Download",
  ];
  appendFileSync(file, `${text.join("\n")}\n`);
  await eventually(() => expect(heard).toHaveLength(4));
  expect(heard).toEqual([
    { type: "log.noted", line: text[1], match: "Download", stale: false },
    { type: "log.loaded", line: text[2], match: "startup complete", stale: false },
    { type: "log.failed", line: text[3], match: "failed", stale: false },
    { type: "log.loaded", line: text[4], match: "ready", stale: false },
  ]);
  expect(lines.map(({ line, level }) => [line, level])).toEqual([
    [text[1], 30],
    [text[2], 30],
    [text[3], 50],
    [text[4], 30],
  ]);
});

test("a stopped watch closes the log", async () => {
  const { file, heard, stop } = await watched();
  appendFileSync(file, "ready\n");
  await eventually(() => expect(heard).toHaveLength(1));
  stop();
  await eventually(async () => expect(await openHandles(file)).toBe(0));
});
