import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../support/eventually.js";
import { root } from "../unit/support/documents.js";

/** The model loads and is measured as long as it takes to watch: some ten seconds, more on a busy machine. */
const LIMIT_MS = 300_000;

/** `npm run quickstart`, which is gone when the test is over. */
function quickstart(...parameters: readonly string[]) {
  const main = root("examples/quickstart/main.ts");
  const child = spawn(process.execPath, ["--import", "tsx", main, ...parameters], {
    // Names of another engine and another worker are nothing to it.
    env: { ...process.env, REPORT_ADDR: "http://127.0.0.1:1", WORKER_PORT: "1", USE_SSL: "true" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (piece: string) => {
      output += piece;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  return { output: () => output, ended, interrupt: () => child.kill("SIGINT") };
}

test(
  "the quickstart brings a worker up, sends it two requests, shows the reports that the engine received, and ends by itself",
  async () => {
    const { output, ended } = quickstart("--once");
    expect(await ended, output()).toBe(0);
    for (const state of ["loading", "benchmarking", "verifying", "ready", "draining", "stopped"]) {
      expect(output()).toMatch(new RegExp(`s +${state}`));
    }
    expect(output()).toMatch(/round (\d) of \1/);
    expect(output().match(/│ +[12] │ Success │/g)).toHaveLength(2);
    // The workloads of both requests, of 48 and 96 tokens: the smallest of this worker is 50.
    const column = output()
      .split("\n")
      .flatMap((line) => (/^ +│ +[\d.]+ │/.test(line) ? [line.split("│")[5]] : []));
    expect(column.reduce((sum, cell) => sum + (Number(cell) || 0), 0)).toBe(50 + 96);
    const longest = Math.max(
      ...output()
        .split("\n")
        .map((line) => line.length),
    );
    expect(longest).toBeLessThanOrEqual(100);
  },
  LIMIT_MS,
);

test(
  "it keeps running, can be called as it prints, and ends on a signal",
  async () => {
    const { output, ended, interrupt } = quickstart();
    await eventually(() => expect(output()).toContain("Ctrl-C stops all processes."), {
      timeoutMs: LIMIT_MS,
    });
    const [curl = ""] = /^AUTH=.*\n.*$/m.exec(output()) ?? [];
    const { stdout } = await promisify(execFile)("sh", ["-ec", curl]);
    expect(JSON.parse(stdout)).toMatchObject({ usage: { completion_tokens: 64 } });
    await eventually(() => expect(output()).toMatch(/ended +request 3 {2}Success/));
    interrupt();
    expect(await ended, output()).toBe(0);
    expect(output()).toMatch(/s +stopped/);
    const [, engineUrl = ""] = /engine +(http:\S+)/.exec(output()) ?? [];
    await expect(fetch(engineUrl)).rejects.toThrow();
  },
  LIMIT_MS,
);
