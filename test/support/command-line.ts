import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { NODE } from "./worker-process.js";

/** The command as `build.ts` leaves it. */
const MAIN = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));

/** Where a command runs, and what its environment has on top of this process's own. */
interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** More than the 10 s that a command gives to what it has started, on a busy machine. */
const MOST_TO_END_MS = 30_000;

/** A command that runs. */
export type Running = ReturnType<typeof spawnTsworker>;

/** Runs `tsworker` with these arguments as a process of its own, which is gone when the test is over. */
export function tsworker(...parameters: readonly string[]): Running {
  return tsworkerIn({}, ...parameters);
}

/** The same, in surroundings of the test's own. */
export function tsworkerIn(surroundings: Surroundings, ...parameters: readonly string[]): Running {
  const running = spawnTsworker(surroundings, ...parameters);
  onTestFinished(async () => {
    // These two end what they have started, which would outlive them if they were killed.
    const hasOthers = parameters[0] === "dev" || parameters[0] === "engine";
    if (hasOthers) running.signal("SIGTERM");
    const killing = setTimeout(() => running.signal("SIGKILL"), hasOthers ? MOST_TO_END_MS : 0);
    await running.exitCode;
    clearTimeout(killing);
  });
  return running;
}

/** The same, for callers that end it themselves. */
export function spawnTsworker({ cwd, env }: Surroundings, ...parameters: readonly string[]) {
  const child = spawn(NODE, [MAIN, ...parameters], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    stdout += piece;
  });
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    stderr += piece;
  });
  const exitCode = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    /** As `head` does when it has enough. */
    closeStdout: () => child.stdout.destroy(),
    closeStderr: () => child.stderr.destroy(),
    /** Resolves when the process has ended and all it wrote is there; null when a signal ended it. */
    exitCode,
    signal: (name: NodeJS.Signals) => child.kill(name),
  };
}
