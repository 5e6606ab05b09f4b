import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

const MAIN = fileURLToPath(new URL("../../examples/quickstart/main.ts", import.meta.url));

/** The model loads and is measured as long as it takes to watch: some ten seconds, more on a busy machine. */
const LIMIT_MS = 300_000;

test(
  "the quickstart brings a worker up, sends it two requests, shows what the engine was told, and ends by itself",
  async () => {
    const child = spawn(process.execPath, ["--import", "tsx", MAIN, "--once"], {
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
    expect(await ended, output).toBe(0);
    for (const state of ["loading", "benchmarking", "verifying", "ready", "draining", "stopped"]) {
      expect(output).toMatch(new RegExp(`s +${state}`));
    }
    expect(output).toContain("round 2 of 2");
    expect(output.match(/│ +[12] │ Success │/g)).toHaveLength(2);
    const longest = Math.max(...output.split("\n").map((line) => line.length));
    expect(longest).toBeLessThanOrEqual(100);
  },
  LIMIT_MS,
);
