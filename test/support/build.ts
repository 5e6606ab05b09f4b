import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Builds the package and the worker process of the end-to-end tests, before all tests: what is tested is what is
 * published, and a process that compiles nothing starts three times as fast.
 */
export async function setup(): Promise<void> {
  for (const project of ["tsconfig.build.json", "test/tsconfig.json"]) {
    await run("npx", ["tsc", "-p", project]).catch((error: { stdout?: string }) => {
      throw new Error(`${project} does not compile:\n${error.stdout ?? String(error)}`);
    });
  }
}
