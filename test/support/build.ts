import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Builds the package and the worker process of the end-to-end tests, before all tests: what is tested is what is
 * published, and a process that compiles nothing starts three times as fast.
 */
export async function setup(): Promise<void> {
  const steps = [
    ["node", "scripts/build.mjs", "--if-changed"],
    ["npx", "tsc", "-p", "test/tsconfig.json"],
  ] as const;
  for (const [program, ...parameters] of steps) {
    await run(program, parameters).catch((error: { stdout?: string; stderr?: string }) => {
      throw new Error(
        `${[program, ...parameters].join(" ")} failed:\n${error.stdout ?? ""}${error.stderr ?? String(error)}`,
      );
    });
  }
}
