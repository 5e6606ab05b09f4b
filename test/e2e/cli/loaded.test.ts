import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { type Running, tsworkerIn } from "../../support/command-line.js";
import { eventually } from "../../support/eventually.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

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
  const built = [...new Set(urls.filter((url) => url.startsWith(`${pathToFileURL(ROOT).href}dist/`)))].map(
    (url) => fileURLToPath(url),
  );
  const sources = (await Promise.all(built.map(sourcesOf))).flat();
  const found = (pattern: RegExp, paths: readonly string[]): readonly string[] =>
    [...new Set(paths.flatMap((path) => pattern.exec(path)?.[1] ?? []))].toSorted();
  return {
    actions: found(/^src\/cli\/(?:\w+\/)?([\w-]+)-action\.ts$/, sources),
    packages: found(/(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//, [...urls, ...sources]),
    /** Of the package, besides the command line. */
    modules: found(/^((?:machines|src\/(?!cli\/)).+)\.ts$/, sources),
  };
}

/** Paths from the root of the sources that a built file was bundled from. */
async function sourcesOf(file: string): Promise<readonly string[]> {
  const { sources } = JSON.parse(await readFile(`${file}.map`, "utf8")) as { sources: readonly string[] };
  return sources.map((source) => relative(ROOT, resolve(dirname(file), source)));
}

/** Those that every command is declared with. */
const DECLARATIONS = [
  "src/inspector/chart/chart",
  "src/load/fail-conditions",
  "src/load/payloads",
  "src/load/result-text",
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
  expect(modules).toContain("src/simulator/hello-world-model");
  expect(
    modules.filter((module) => /comfy-model|openai-model|tgi-model|training-model/.test(module)),
  ).toEqual([]);
});
