import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Memo, ProcessProvider } from "../../../src/engine/index.js";
import { tsworker } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { SLOW, temporaryFolder } from "../../support/process-engine.js";
import { post, startedEngine } from "../../support/started-engine.js";
import { workerOrder } from "../../support/worker-order.js";
import { workerStatus } from "../../support/worker-status.js";

const { signal } = new AbortController();

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

/** The number that a script wrote to a file. */
const numberIn = (file: string): Promise<number> =>
  eventually(async () => Number(await readFile(file, "utf8").catch(() => "")) || false);

describe("what a worker started", () => {
  test("has time to finish, even when the shell that ran it has exited immediately", async () => {
    const folder = await temporaryFolder();
    const file = join(folder, "draining.sh");
    // The shell around it ends by SIGTERM; the worker itself needs half a second.
    await writeFile(
      file,
      `trap 'sleep 0.5; echo 1 > ${folder}/done; exit' TERM\necho $$ > ${folder}/pid\nwhile :; do sleep 0.05; done\n`,
    );
    const provider = new ProcessProvider({ command: `sh ${file}; true`, folder });
    const memo = await provider.create(workerOrder(), signal);
    const pid = await numberIn(join(folder, "pid"));
    await provider.stop(workerOrder({ memo }), signal);
    expect(existsSync(join(folder, "done"))).toBe(true);
    await eventually(() => expect(isGone(pid)).toBe(true));
  });

  test("ends with it when it crashes", async () => {
    const folder = await temporaryFolder();
    const exits: string[] = [];
    const provider = new ProcessProvider({
      command: `sleep 100 & echo $! > ${folder}/pid; sleep 0.3; exit 3`,
      folder,
    });
    await provider.create(workerOrder({ onExited: (reason) => exits.push(reason) }), signal);
    const pid = await numberIn(join(folder, "pid"));
    await eventually(() => expect(exits).toEqual([expect.stringContaining("exited with 3")]));
    await eventually(() => expect(isGone(pid)).toBe(true));
  });
});

test("the folder for temporary files goes with the last worker, and is there for the next", async () => {
  const provider = new ProcessProvider({ command: ["sleep", "100"] });
  const created = async (id: number): Promise<Memo> => provider.create(workerOrder({ id }), signal);
  const memos = [await created(1), await created(2)];
  const folder = dirname(String(memos[0]?.folder));
  for (const [index, memo] of memos.entries())
    await provider.destroy(workerOrder({ id: index + 1, memo }), signal);
  expect(existsSync(folder)).toBe(false);
  const memo = await created(3);
  expect(dirname(String(memo.folder))).toBe(folder);
  await provider.destroy(workerOrder({ id: 3, memo }), signal);
});

describe("the command", () => {
  const start = (folder: string, ...more: readonly string[]) => {
    const own = ["--endpoint", "endpoint", "--api-key", "key", "--port", "0"];
    const workers = ["--provider", "process", "--worker-folder", folder, "--cold-mult", "1"];
    return tsworker("engine", ...own, ...workers, ...more);
  };

  test("starts many workers without a warning, and ends them all", async () => {
    const folder = await temporaryFolder();
    const command = start(
      folder,
      "--max-workers",
      "12",
      "--min-workers",
      "12",
      "--worker-command",
      "sleep 60",
    );
    await eventually(() => expect(command.stdout().match(/ created\n/g)).toHaveLength(12), SLOW);
    command.signal("SIGTERM");
    expect(await command.exitCode).toBe(0);
    expect(command.stderr()).toBe("");
  });

  test("kills workers that do not end when it gets the signal twice", async () => {
    const folder = await temporaryFolder();
    const stubborn = `trap '' TERM; echo $$ > ${folder}/pid; while :; do sleep 0.1; done`;
    const command = start(folder, "--max-workers", "1", "--min-workers", "1", "--worker-command", stubborn);
    const pid = await numberIn(join(folder, "pid"));
    onTestFinished(() => {
      if (!isGone(pid)) process.kill(pid, "SIGKILL");
    });
    command.signal("SIGINT");
    await eventually(() => expect(command.stdout()).toContain("Ctrl-C again kills them"), SLOW);
    await new Promise((resolve) => setTimeout(resolve, 400));
    command.signal("SIGINT");
    expect(await command.exitCode).toBe(130);
    await eventually(() => expect(isGone(pid)).toBe(true));
  });
});

test("a report of a worker that another engine left behind is refused", async () => {
  const provider = new ProcessProvider({ folder: await temporaryFolder() });
  const scaling = { max_workers: 1, cold_workers: 0, min_load: 0 };
  const engine = await startedEngine({ provider, scaling });
  expect((await post(engine, "/worker_status/", workerStatus({ id: 1 }))).status).toBe(401);
});
