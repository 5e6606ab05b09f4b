import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { build } from "esbuild";
import { root } from "../unit/support/documents.js";

/**
 * Builds the package and the worker process of the end-to-end tests, before all tests: what is tested is what is
 * published. A process that compiles nothing and loads few files starts in a third of the CPU time.
 */
export async function setup(): Promise<void> {
  await promisify(execFile)("node", [root("scripts/build.mjs"), "--if-changed"]).catch(
    (error: { stdout?: string; stderr?: string }) => {
      throw new Error(`the build failed:\n${error.stdout ?? ""}${error.stderr ?? String(error)}`);
    },
  );
  await build({
    entryPoints: [root("test/support/worker-main.ts")],
    outfile: root(".test-build/test/support/worker-main.js"),
    bundle: true,
    // As a user's worker gets it.
    external: ["tsworker"],
    platform: "node",
    format: "esm",
    target: "node20.18",
    sourcemap: true,
    logLevel: "warning",
  });
}
