import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { root } from "../support/documents.js";

const { platform, arch } = process;
const { modules } = process.versions;
const FOREIGN = ["uws_darwin_arm64_127.node", "uws_linux_arm_115.node", "uws_win32_x64_120.node"];
const OWN = ["115", "120", "127"].map((abi) => `uws_${platform}_${arch}_${abi}.node`);
const OUTDATED = `uws_${platform}_${arch}_108.node`;
const ALL = [...FOREIGN, ...OWN, OUTDATED].toSorted();

function write(file: string, content: object | string): void {
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
}

/** The package with the binaries. */
function binariesAt(folder: string, name = "uws-pack"): void {
  write(join(folder, "package.json"), { name, type: "module", exports: { import: "./dist/index.mjs" } });
  write(join(folder, "dist/index.mjs"), "");
  for (const file of ALL) write(join(folder, "dist/bin", file), "");
}

/** This package, as far as the script needs it. */
function tsworkerAt(folder: string): void {
  write(join(folder, "package.json"), { name: "tsworker", dependencies: { "uWebSockets.js": "1" } });
  cpSync(root("scripts/prune-binaries.mjs"), join(folder, "scripts/prune-binaries.mjs"));
}

/** A user's project, as npm installs it. */
function project(manifest: object = { dependencies: { tsworker: "1" } }): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "tsworker-prune-")));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  write(join(folder, "package.json"), manifest);
  return folder;
}

function flat(manifest?: object, name?: string) {
  const folder = project(manifest);
  tsworkerAt(join(folder, "node_modules/tsworker"));
  binariesAt(join(folder, "node_modules/uWebSockets.js"), name);
  return folder;
}

/** Runs the script of an installation. @returns what it prints. */
function prune(
  tsworker: string,
  env: Readonly<Record<string, string>> = {},
  ...parameters: readonly string[]
) {
  return execFileSync(process.execPath, [join(tsworker, "scripts/prune-binaries.mjs"), ...parameters], {
    encoding: "utf8",
    env: { ...process.env, npm_config_os: undefined, npm_config_cpu: undefined, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

const left = (...path: readonly string[]): readonly string[] =>
  readdirSync(join(...path, "dist/bin")).toSorted();

describe("the binaries of other platforms, and of Node.js 18, go", () => {
  test("where npm has installed all packages side by side", () => {
    const folder = flat();
    expect(prune(join(folder, "node_modules/tsworker"))).toBe("");
    expect(left(folder, "node_modules/uWebSockets.js")).toEqual(OWN.toSorted());
    // Once more, as npm does at the next installation.
    prune(join(folder, "node_modules/tsworker"));
    expect(left(folder, "node_modules/uWebSockets.js")).toEqual(OWN.toSorted());
  });

  test("where they are in a folder of the package's own, as in a global installation", () => {
    const folder = project();
    const tsworker = join(folder, "node_modules/tsworker");
    tsworkerAt(tsworker);
    binariesAt(join(tsworker, "node_modules/uWebSockets.js"));
    // Another copy is another's.
    binariesAt(join(folder, "node_modules/uWebSockets.js"));
    prune(tsworker);
    expect(left(tsworker, "node_modules/uWebSockets.js")).toEqual(OWN.toSorted());
    expect(left(folder, "node_modules/uWebSockets.js")).toEqual(ALL);
  });

  test("and with --this-node all but the one of this Node.js", () => {
    const folder = flat();
    prune(join(folder, "node_modules/tsworker"), {}, "--this-node");
    expect(left(folder, "node_modules/uWebSockets.js")).toEqual(
      OWN.filter((file) => file.endsWith(`_${modules}.node`)),
    );
  });
});

describe("all binaries stay", () => {
  test("where the project itself depends on the package, also for development", () => {
    for (const kind of ["dependencies", "devDependencies"]) {
      const folder = flat({ [kind]: { "uWebSockets.js": "1" } });
      prune(join(folder, "node_modules/tsworker"));
      expect(left(folder, "node_modules/uWebSockets.js")).toEqual(ALL);
    }
  });

  test.each(["another", "@scope/another", "outer/node_modules/inner"])(
    "where the package %s depends on it",
    (name) => {
      const folder = flat();
      write(join(folder, "node_modules", name, "package.json"), { dependencies: { "uWebSockets.js": "1" } });
      prune(join(folder, "node_modules/tsworker"));
      expect(left(folder, "node_modules/uWebSockets.js")).toEqual(ALL);
    },
  );

  test("of the official package", () => {
    const folder = flat(undefined, "uWebSockets.js");
    prune(join(folder, "node_modules/tsworker"));
    expect(left(folder, "node_modules/uWebSockets.js")).toEqual(ALL);
  });

  test("in a store that several projects share", () => {
    const [folder, store] = [project(), project()];
    binariesAt(join(store, "uws-pack"));
    tsworkerAt(join(folder, "node_modules/tsworker"));
    symlinkSync(join(store, "uws-pack"), join(folder, "node_modules/uWebSockets.js"));
    prune(join(folder, "node_modules/tsworker"));
    expect(left(store, "uws-pack")).toEqual(ALL);
  });

  test("in the root of a workspace", () => {
    const folder = project();
    tsworkerAt(join(folder, "packages/one/node_modules/tsworker"));
    binariesAt(join(folder, "node_modules/uWebSockets.js"));
    prune(join(folder, "packages/one/node_modules/tsworker"));
    expect(left(folder, "node_modules/uWebSockets.js")).toEqual(ALL);
  });

  test.each([{ npm_config_os: "aix" }, { npm_config_cpu: "mips" }])(
    "where npm installs for another machine: %o",
    (env) => {
      const folder = flat();
      prune(join(folder, "node_modules/tsworker"), env);
      expect(left(folder, "node_modules/uWebSockets.js")).toEqual(ALL);
    },
  );
});

test("an installation without the package does not fail", () => {
  const folder = project();
  tsworkerAt(join(folder, "node_modules/tsworker"));
  expect(prune(join(folder, "node_modules/tsworker"))).toBe("");
});
