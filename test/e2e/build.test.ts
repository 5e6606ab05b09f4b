import { spawn } from "node:child_process";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../unit/support/documents.js";

const dist = root("dist");

/** Runs the build, to its exit code. */
async function build(...parameters: readonly string[]) {
  const child = spawn("node", [root("scripts/build.mjs"), ...parameters], { stdio: "ignore" });
  return new Promise<number | null>((resolve) => child.once("close", resolve));
}

const filesOf = async (): Promise<readonly string[]> =>
  (await readdir(dist, { recursive: true, withFileTypes: true }))
    // It is away while the build is not complete.
    .filter((entry) => entry.isFile() && entry.name !== ".built-from")
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();

const sizesOf = (files: readonly string[]): Promise<readonly number[]> =>
  Promise.all(files.map(async (file) => (await stat(file)).size));

test("while it builds, every file is there and whole, and what is no longer made goes", async () => {
  const before = await filesOf();
  const sizes = await sizesOf(before);
  await writeFile(join(dist, "left-over.js"), "");
  let isBuilding = true;
  const built = build().finally(() => {
    isBuilding = false;
  });
  // A file that is missing rejects.
  while (isBuilding) expect(await sizesOf(before)).toEqual(sizes);
  expect(await built).toBe(0);
  expect(await filesOf()).toEqual(before);
  expect((await stat(join(dist, "src/cli/main.js"))).mode & 0o111).toBe(0o111);
});

test("every file that package.json exports or runs is built", async () => {
  const { exports, bin } = JSON.parse(await readFile(root("package.json"), "utf8")) as {
    readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
    readonly bin: Readonly<Record<string, string>>;
  };
  const named = [...Object.values(exports).flatMap((each) => Object.values(each)), ...Object.values(bin)];
  expect(named.length).toBeGreaterThan(10);
  const built = new Set(await filesOf());
  expect(named.filter((file) => !built.has(root(file.replace("./", ""))))).toEqual([]);
});

test("with --if-changed it leaves alone what was built from the same sources", async () => {
  const file = join(dist, "src/cli/main.js");
  const { ino, mtimeMs } = await stat(file);
  expect(await build("--if-changed")).toBe(0);
  expect(await stat(file)).toMatchObject({ ino, mtimeMs });
});

test("classes of errors keep their names in the bundle, because Node.js prints them", async () => {
  const files = (await filesOf()).filter((file) => file.endsWith(".js"));
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
  const classes = texts.flatMap((text) => text.match(/\bclass\b[^{;]{0,100} extends \w*Error\b/g) ?? []);
  expect(classes.length).toBeGreaterThan(3);
  // esbuild renames a class that refers to itself.
  expect(classes.filter((each) => each.startsWith("class _"))).toEqual([]);
});
