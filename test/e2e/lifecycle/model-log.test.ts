import { expect } from "vitest";
import { ask } from "../../support/client.js";
import { test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { LOADED } from "../../support/logging-model.js";
import type { WorkerProcess } from "../../support/worker-process.js";

/** The model's lines that the worker took note of, oldest first. */
const noted = (worker: WorkerProcess): readonly unknown[] =>
  worker.lines.filter(({ msg }) => msg === "model log").map(({ line }) => line);

test.concurrent("a log file that is created late is read from its start; until its onLoad line requests get 503", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.worker({ engine, model }, "loading");
  model.say("Download of the weights", "Application startup incomplete.", "Download of something else");
  await eventually(() => expect(noted(worker)).toHaveLength(2));
  const refused = await ask(engine, worker, { cost: 1 }).answer;
  expect(refused.status).toBe(503);
  expect(refused.retryAfter).toBeGreaterThan(0);
  expect(worker.states).toEqual(["loading"]);
  model.say(LOADED);
  await worker.reaches("ready");
  expect(noted(worker)).toEqual(["Download of the weights", "Download of something else", LOADED]);
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
});

test.concurrent("lines are put together from the pieces in which they are written", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const config = { logActionConfig: { onLoad: [LOADED], onInfo: ["Download", "größe"] } };
  const worker = await cluster.worker({ engine, model, config }, "loading");
  const line = Buffer.from("Weights: größe bekannt\n");
  const insideOfCharacter = line.indexOf(Buffer.from("ö")) + 1;

  // A whole line before each piece shows when the worker has read that far.
  model.write(Buffer.concat([Buffer.from("Download 1\n"), line.subarray(0, insideOfCharacter)]));
  await eventually(() => expect(noted(worker)).toEqual(["Download 1"]));
  model.write(Buffer.concat([line.subarray(insideOfCharacter), Buffer.from("Download 2\nApplication sta")]));
  await eventually(() =>
    expect(noted(worker)).toEqual(["Download 1", "Weights: größe bekannt", "Download 2"]),
  );
  expect(worker.states).toEqual(["loading"]);
  model.write("rtup complete.\r\n");
  await worker.reaches("ready");
  expect(noted(worker).at(-1)).toBe(LOADED);
});

test.concurrent("bytes that are no UTF-8 do not hide the lines around them, nor the line they are in", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.worker({ engine, model }, "loading");
  model.write(Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x0a, 0xe2, 0x82, 0x0a]));
  model.write(Buffer.concat([Buffer.from("Download \xf0\x9f", "latin1"), Buffer.from("\n")]));
  model.write(
    Buffer.concat([Buffer.from([0x80, 0xff]), Buffer.from(`${LOADED}`), Buffer.from([0xc3, 0x0a])]),
  );
  await worker.reaches("ready");
  expect(noted(worker)).toHaveLength(2);
});

test.concurrent("thousands of lines a second are read as they come, none of those that match is missed", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.worker({ engine, model }, "loading");
  const expected: string[] = [];
  const begun = performance.now();
  // 20 blocks of 1000 lines, one every 50 ms: 20,000 lines a second, some 2 MB.
  for (let block = 0; block < 20; block++) {
    const lines = Array.from({ length: 1000 }, (_, index) => `INFO ${block}/${index} ${"x".repeat(80)}`);
    const note = `Download ${block}`;
    lines.splice(block * 50, 0, note);
    expected.push(note);
    model.say(...lines);
    const next = begun + (block + 1) * 50;
    await eventually(() => performance.now() >= next);
  }
  const written = performance.now();
  model.say(LOADED);
  await worker.reaches("ready");
  // Some tenths of a second. At one line a look it would be half an hour.
  expect(performance.now() - written).toBeLessThan(30_000);
  expect(noted(worker)).toEqual([...expected, LOADED]);
});

test.concurrent("a line of megabytes without an end neither stops the reading nor fills the memory", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.worker({ engine, model }, "loading");
  const before = await worker.memory();
  for (let piece = 0; piece < 40; piece++) model.write(Buffer.alloc(2 ** 20, "progress "));
  model.say("", LOADED);
  await worker.reaches("ready");
  expect((await worker.memory()) - before).toBeLessThan(64 * 2 ** 20);
});
