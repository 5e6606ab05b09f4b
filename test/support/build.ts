import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Builds the package and the worker process of the end-to-end tests, before all tests: what is tested is what is
 * published, and a process that compiles nothing starts three times as fast.
 */
export async function setup(): Promise<void> {
  const steps = [
    ["tsc", "-p", "tsconfig.build.json"],
    ["tsc", "-p", "test/tsconfig.json"],
    ["vite", "build", "src/inspect/page"],
  ];
  for (const step of steps) {
    await run("npx", step).catch((error: { stdout?: string; stderr?: string }) => {
      throw new Error(`${step.join(" ")} failed:\n${error.stdout ?? ""}${error.stderr ?? String(error)}`);
    });
  }
}
