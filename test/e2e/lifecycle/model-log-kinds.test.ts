import { execFileSync } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { startedEngine } from "../../support/started-engine.js";
import { WorkerProcess } from "../../support/worker-process.js";

/** A worker process that only a line of its model's log can make ready; its log is in a folder of its own. */
async function started(make: (file: string) => unknown, state: string) {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-kinds-"));
  const modelLogFile = join(folder, "model.log");
  await make(modelLogFile);
  await writeFile(join(folder, ".has_benchmark"), "1000");
  const worker = await WorkerProcess.spawn({
    engineUrl: (await startedEngine()).url,
    directory: folder,
    env: { UNSECURED: "true" },
    config: {
      modelLogFile,
      logActionConfig: { onLoad: ["loaded"] },
      readiness: "log",
      handlers: [
        {
          route: "/go",
          remoteFunction: "echo",
          benchmarkConfig: { dataset: [{}], runs: 1, concurrency: 1, doWarmup: false },
        },
      ],
    },
  });
  onTestFinished(async () => {
    await worker.kill();
    await rm(folder, { recursive: true, force: true });
  });
  await worker.reaches(state);
  return { worker, modelLogFile };
}

const faults = (worker: WorkerProcess) =>
  worker.lines.filter(({ state }) => state === "errored").map(({ fault }) => fault);

test.each([
  ["a FIFO", "got a FIFO", (file: string) => execFileSync("mkfifo", [file])],
  ["standard output", "got a socket", (file: string) => symlink("/dev/stdout", file)],
  ["a device", "got a device", (file: string) => symlink("/dev/zero", file)],
])(
  "%s as the model's log is a reported error, and reads nothing: SIGTERM ends the worker",
  async (_, got, make) => {
    const { worker, modelLogFile } = await started(make, "errored");
    expect(faults(worker)).toEqual([`modelLogFile ${modelLogFile}: expected a regular file, ${got}`]);
    expect((await fetch(`${worker.localUrl}/healthz`)).status).toBe(200);
    expect(await worker.stop("SIGTERM")).toBe(0);
  },
);

test("a FIFO that is replaced by a file is read from then on", async () => {
  const { worker, modelLogFile } = await started((file) => execFileSync("mkfifo", [file]), "errored");
  await rm(modelLogFile);
  await writeFile(modelLogFile, "loaded\n");
  await worker.reaches("ready");
});

test("a flood of lines that match is read in the background, and shown as a count", async () => {
  const { worker, modelLogFile } = await started((file) => writeFile(file, ""), "loading");
  await writeFile(modelLogFile, "loaded\n".repeat(200_000));
  await worker.reaches("ready");
  await eventually(
    () => expect(worker.lines.map(({ msg }) => msg)).toContain("model log: … and 199,980 more lines matched"),
    { timeoutMs: 30_000 },
  );
  expect(worker.lines.filter(({ msg }) => msg === "model log")).toHaveLength(20);
});
