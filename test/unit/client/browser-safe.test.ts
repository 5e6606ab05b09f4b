import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { expect, onTestFinished, test } from "vitest";
import { root } from "../support/documents.js";
import { filesIn, importsOf, textOf, withoutComments } from "../support/imports.js";

/** The client and its imports from elsewhere in the project. */
const FILES = [
  ...filesIn("src/client"),
  "src/shared/errors.ts",
  "src/shared/semaphore.ts",
  "src/shared/url.ts",
  "src/shared/wire.ts",
];

test("a bundler leaves out unused parts", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-bundle-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const entry = join(folder, "entry.ts");
  await writeFile(entry, `export { TsworkerError } from ${JSON.stringify(root("src/client/index.ts"))};`);
  const built = await build({
    configFile: false,
    logLevel: "silent",
    build: { write: false, minify: false, lib: { entry, formats: ["es"], fileName: "client" } },
  });
  const [output] = [built].flat();
  if (output === undefined || !("output" in output)) throw new Error("expected a bundle");
  const { code } = output.output[0];
  expect(code).toContain("TsworkerError");
  // No more than the one class and its comments.
  expect(code).not.toMatch(/FinalizationRegistry|fetch|WeakMap/);
});

test("the client imports only itself, the wire, errors, URLs, a semaphore, and a parser that runs in browsers", () => {
  const foreign = importsOf("src/client")
    .map(({ target }) => target)
    .filter((target) => !target.startsWith("src/client/"));
  expect([...new Set(foreign)].toSorted()).toEqual([
    "eventsource-parser",
    "src/shared/errors.ts",
    "src/shared/semaphore.ts",
    "src/shared/url.ts",
    "src/shared/wire.ts",
  ]);
});

test("the shared modules of the client import nothing", () => {
  for (const file of FILES.filter((each) => each.startsWith("src/shared/")))
    expect(textOf(file)).not.toMatch(/^import/m);
});

test.each(FILES)("%s uses no global of Node.js", (file) => {
  // Its absence in browsers is handled.
  const text = withoutComments(textOf(file)).replace('Reflect.get(globalThis, "process")', "undefined");
  expect(text).not.toMatch(/\b(?:process|Buffer|setImmediate|require|__dirname|global)\b/);
});
