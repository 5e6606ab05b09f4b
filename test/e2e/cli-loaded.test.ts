import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Running, tsworkerIn } from "../support/command-line.js";
import { eventually } from "../support/eventually.js";

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

/**
 * What a command has loaded, by what V8 has measured when the command ends.
 *
 * @param until resolves when it may end; undefined: it ends by itself.
 */
async function loadedBy(words: readonly string[], until?: (command: Running) => Promise<unknown>) {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-coverage-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const command = tsworkerIn({ env: { NODE_V8_COVERAGE: folder } }, ...words);
  if (until !== undefined) {
    await until(command);
    command.signal("SIGTERM");
  }
  await command.exitCode;
  const files = await readdir(folder);
  const measured = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  const urls = measured.flatMap((text) => (JSON.parse(text) as Coverage).result.map(({ url }) => url));
  const found = (pattern: RegExp): readonly string[] =>
    [...new Set(urls.flatMap((url) => pattern.exec(url)?.[1] ?? []))].toSorted();
  return {
    actions: found(/\/dist\/src\/cli\/(?:\w+\/)?([\w-]+)-action\.js$/),
    packages: found(/\/node_modules\/((?:@[^/]+\/)?[^/]+)\//),
    /** Of the package, besides the command line. */
    modules: found(/\/dist\/((?:machines|src\/(?!cli\/)).+)\.js$/),
  };
}

/** Those that every command is declared with. */
const DECLARATIONS = [
  "src/inspector/chart/machine-names",
  "src/load/fail-conditions",
  "src/load/payload-order",
  "src/load/quantity-text",
  "src/load/schedule",
  "src/shared/errors",
  "src/shared/output-errors",
  "src/shared/package-root",
  "src/shared/random",
  "src/simulator/closing",
  "src/simulator/comfyui/load-error",
  "src/simulator/simulator-options",
];

test.each(["--version", "--help", "run --help", "call --help", "dev --port none", "sim vllm --help"])(
  "nothing is loaded but declarations by tsworker %s",
  async (words) => {
    expect(await loadedBy(words.split(" "))).toEqual({
      actions: [],
      packages: ["commander"],
      modules: DECLARATIONS,
    });
  },
);

test("a command that runs loads what it does, and nothing of the others", async () => {
  expect(await loadedBy(["init", "--example", "none"])).toEqual({
    actions: ["init"],
    packages: ["commander"],
    modules: DECLARATIONS,
  });
  const { actions, packages } = await loadedBy(["machines", "worker"]);
  expect({ actions, packages }).toEqual({ actions: ["machines"], packages: ["commander", "xstate"] });
});

test("a simulated model is loaded without the other ones", async () => {
  const { actions, packages, modules } = await loadedBy(["sim", "hello-world", "--port", "0"], (command) =>
    eventually(() => command.stdout().includes("listening"), { timeoutMs: 60_000 }),
  );
  expect({ actions, packages }).toEqual({ actions: ["sim"], packages: ["commander", "zod"] });
  expect(modules).toContain("src/simulator/hello-world/hello-world-model");
  expect(
    modules.filter((module) => /comfy-model|openai-model|tgi-model|training-model/.test(module)),
  ).toEqual([]);
});
