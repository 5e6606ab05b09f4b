import { appendFileSync, renameSync, truncateSync, unlinkSync } from "node:fs";
import { expect } from "vitest";
import { test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { LOADED, type LoggingModel } from "../../support/logging-model.js";
import type { WorkerProcess } from "../../support/worker-process.js";

/** The ways in which a log is begun anew. A long first file is what log rotation is for. */
const rotations = {
  "renamed and made anew": ({ logFile }: LoggingModel) => renameSync(logFile, `${logFile}.1`),
  "truncated in place": ({ logFile }: LoggingModel) => truncateSync(logFile),
  "removed and made anew": ({ logFile }: LoggingModel) => unlinkSync(logFile),
} as const;

const FILLING = Array.from({ length: 200 }, (_, index) => `INFO line ${index} of the first file`);

/** Waits until the worker has read the log up to a line. */
const hasRead = (worker: WorkerProcess, line: string) =>
  eventually(() => expect(worker.lines).toContainEqual(expect.objectContaining({ msg: "model log", line })));

for (const [name, rotate] of Object.entries(rotations)) {
  test.concurrent(`a log that is ${name} is read on, while the model loads and when it is ready`, async ({
    cluster,
  }) => {
    const [engine, model] = [await cluster.engine(), await cluster.model()];
    const worker = await cluster.worker({ engine, model }, "loading");
    model.say(...FILLING, "Download begins");
    await hasRead(worker, "Download begins");
    rotate(model);
    model.say(...FILLING, LOADED);
    await worker.reaches("ready");

    rotate(model);
    model.say("RuntimeError: CUDA error: out of memory");
    await worker.reaches("errored");
    await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe("CUDA error"));
    // Nothing was read twice: the onLoad line would have led the worker back.
    expect(worker.states.slice(-2)).toEqual(["ready", "errored"]);
  });
}

test.concurrent("a writer may continue in the old file until it begins the new one, even within a line", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.worker({ engine, model }, "loading");
  model.say(...FILLING, "Download begins");
  await hasRead(worker, "Download begins");
  model.say("Download before the rotation");
  const old = `${model.logFile}.1`;
  renameSync(model.logFile, old);
  appendFileSync(old, "Download after the renaming\nDownload to ");
  await hasRead(worker, "Download after the renaming");
  model.write("");
  appendFileSync(old, "the old file, when the new one was there\nDownload without a line break");
  await hasRead(worker, "Download to the old file, when the new one was there");
  model.say("Download of the new file", LOADED);
  await worker.reaches("ready");
  expect(worker.lines.filter(({ msg }) => msg === "model log").map(({ line }) => line)).toEqual([
    "Download begins",
    "Download before the rotation",
    "Download after the renaming",
    "Download to the old file, when the new one was there",
    "Download without a line break",
    "Download of the new file",
    LOADED,
  ]);
});

test.concurrent("a truncated log is read from its start, however much it has grown since", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.model()];
  const worker = await cluster.worker({ engine, model }, "loading");
  model.say("Download 1");
  await hasRead(worker, "Download 1");
  truncateSync(model.logFile);
  model.say("Download 2");
  await hasRead(worker, "Download 2");
  truncateSync(model.logFile);
  model.say("Download 3", ...FILLING);
  await hasRead(worker, "Download 3");
});
