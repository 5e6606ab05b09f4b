import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Running, tsworkerIn } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { root } from "../../unit/support/documents.js";

const SLOW = { timeoutMs: 60_000 };
/** Milliseconds: less than any of what is waited for otherwise takes, for a busy machine, too. */
const AT_ONCE = 6000;

/** A worker whose model is two processes, one of them in a group of its own, that do not end by themselves. */
const WORKER = `
import { spawn } from "node:child_process";
import { Worker } from "tsworker";
const script = "trap '' TERM INT HUP; while :; do sleep 0.2; done";
const start = (detached) => spawn("sh", ["-c", script], { stdio: "ignore", detached });
await new Worker({
  lifecycle: { start: async () => console.log("pids", start(false).pid, start(true).pid), stop: async () => {} },
  handlers: [{ route: "/go", remoteFunction: () => 1, benchmarkConfig: { generator: () => ({}), runs: 1, concurrency: 1 } }],
}).run();
`;

/** Starts a command in a project with that worker, where no engine can be reached. */
async function started(...words: readonly string[]) {
  const cwd = await realpath(await mkdtemp(join(tmpdir(), "tsworker-interrupt-")));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  await mkdir(join(cwd, "node_modules"));
  await symlink(root("."), join(cwd, "node_modules", "tsworker"));
  await writeFile(join(cwd, "package.json"), '{ "type": "module" }\n');
  await writeFile(join(cwd, "worker.js"), WORKER);
  const engineUrl = `http://127.0.0.1:${await freePort()}`;
  const port = String(await freePort());
  const command = tsworkerIn(
    {
      cwd,
      env: {
        TMPDIR: cwd,
        REPORT_ADDR: engineUrl,
        UNSECURED: "true",
        CONTAINER_ID: "1",
        PUBLIC_IPADDR: "127.0.0.1",
        WORKER_PORT: port,
        WORKER_HTTP_PORT: String(await freePort()),
        [`VAST_TCP_PORT_${port}`]: port,
      },
    },
    ...words,
  );
  const output = await eventually(() => /pids (\d+) (\d+)[\s\S]*ready/.exec(command.stdout()) ?? false, SLOW);
  const pids = output.slice(1, 3).map(Number);
  onTestFinished(() => {
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // As it should be.
      }
    }
  });
  return { command, pids, engineUrl };
}

/** Whether a process runs: one that is dead and not yet noticed does not. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat !== "" && !/\) Z /.test(stat);
}

async function endsAtOnce(command: Running, pids: readonly number[]): Promise<void> {
  expect(await Promise.all(pids.map(isRunning))).toEqual([true, true]);
  const before = performance.now();
  command.signal("SIGINT");
  await command.exitCode;
  expect(performance.now() - before).toBeLessThan(AT_ONCE);
  await eventually(async () => expect(await Promise.all(pids.map(isRunning))).toEqual([false, false]));
}

test("run prints what it waits for after Ctrl-C, and a second one stops all processes that it has started", async () => {
  const { command, pids, engineUrl } = await started("run", "worker.js");
  command.signal("SIGINT");
  const said = `delivering the last reports to ${engineUrl}, 10 s at most; press Ctrl-C again to stop now`;
  await eventually(() => expect(command.stdout()).toContain(said), SLOW);
  await endsAtOnce(command, pids);
});

test("what npm passes on right after a terminal's Ctrl-C is no second one", async () => {
  const { command } = await started("run", "worker.js");
  command.signal("SIGINT");
  command.signal("SIGINT");
  await eventually(() => expect(command.stdout()).toContain("press Ctrl-C again"), SLOW);
});

test("dev does the same", async () => {
  const { command, pids, engineUrl } = await started("dev", "worker.js", "--no-model", "--port", "0");
  command.signal("SIGINT");
  await eventually(
    () => expect(command.stdout()).toContain(`delivering the last reports to ${engineUrl}`),
    SLOW,
  );
  expect(command.stdout()).toContain("ending, 10 s at most; Ctrl-C again stops all processes at once");
  await endsAtOnce(command, pids);
});

test("engine ends its workers with all that they have started", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "tsworker-interrupt-"));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  const script =
    "trap '' TERM INT HUP; setsid sh -c 'while :; do sleep 0.2; done' & echo $$ $! > ../../pids; while :; do sleep 0.2; done";
  await writeFile(join(cwd, "worker.sh"), script.replace("../../pids", join(cwd, "pids")));
  const command = tsworkerIn(
    { cwd, env: { TMPDIR: cwd } },
    ...["engine", "--port", "0", "--endpoint", "e", "--api-key", "k", "--provider", "process"],
    ...["--worker-command", `exec sh ${join(cwd, "worker.sh")}`],
  );
  const pids = await eventually(async () => {
    const text = await readFile(join(cwd, "pids"), "utf8").catch(() => "");
    return text.endsWith("\n") && text.trim().split(" ").map(Number);
  }, SLOW);
  command.signal("SIGINT");
  await eventually(() => expect(command.stdout()).toContain("Ctrl-C again kills them"), SLOW);
  // What comes within 300 ms counts as the same Ctrl-C.
  await new Promise((resolve) => setTimeout(resolve, 400));
  await endsAtOnce(command, pids);
});
