// Builds dist. Files are built in another folder and renamed into dist one by one, so that a running process never finds a
// file missing or incomplete. With --if-changed it does nothing where dist was built from the present sources: npm builds at
// the first `npx tsworker` in a clone, and when a clone is installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const INPUTS = ["src", "machines", "scripts", "tsconfig.json", "tsconfig.build.json", "package-lock.json"];
/** Only some of it is needed, and to load all of it takes as long as to load everything else. */
const BUNDLED = "zod";
/**
 * The modules that keep a file of their own: what package.json names, what a command line starts, and what is loaded by its
 * path. All others are bundled: a worker that loads one file in place of two hundred starts in half the CPU time.
 */
const ENTRIES = [
  "src/index.ts",
  "src/client/index.ts",
  "src/deployment/index.ts",
  "src/engine/index.ts",
  "src/gateway/index.ts",
  "machines/index.ts",
  "src/cli/main.ts",
  "src/cli/command-line.ts",
  "src/cli/run/module-hooks.ts",
  "src/cli/run/package-hooks.ts",
  ...filesIn(join(root, "src/cli"))
    .filter((file) => file.endsWith("-action.ts"))
    .map((file) => `src/cli/${file}`),
];
/** Hash of the sources that dist was built from. */
const STAMP = ".built-from";
/** The layouts of the machines' charts. */
const LAYOUTS = "machine-layouts.json";

/** Paths of all files in a folder, from there; the file itself where it is one. */
function filesIn(path) {
  try {
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(path, join(entry.parentPath, entry.name)))
      .toSorted();
  } catch (error) {
    if (error.code === "ENOTDIR") return [""];
    if (error.code === "ENOENT") return [];
    throw error;
  }
}

function hashOfInputs() {
  const hash = createHash("sha256");
  for (const input of INPUTS) {
    for (const file of filesIn(join(root, input))) {
      const text = readFileSync(join(root, input, file));
      hash.update(`${input}/${file} ${text.length}\n`).update(text);
    }
  }
  return hash.digest("hex");
}

function stampOf(folder) {
  try {
    return readFileSync(join(folder, STAMP), "utf8");
  } catch {
    return "";
  }
}

function run(program, ...parameters) {
  const { status } = spawnSync("npx", ["--no-install", program, ...parameters], {
    cwd: root,
    stdio: "inherit",
    // Whatever NODE_ENV this process has, such as `test`.
    env: { ...process.env, NODE_ENV: "production" },
  });
  if (status !== 0) throw new Error(`${program} failed`);
}

/** Replaces the files of dist with those of a folder. */
function moveToDist(folder) {
  rmSync(join(dist, STAMP), { force: true });
  const files = filesIn(folder);
  const last = (file) => file === STAMP;
  for (const file of [...files.filter((each) => !last(each)), ...files.filter(last)]) {
    mkdirSync(dirname(join(dist, file)), { recursive: true });
    renameSync(join(folder, file), join(dist, file));
  }
  const wanted = new Set(files);
  for (const file of filesIn(dist)) if (!wanted.has(file)) remove(join(dist, file));
}

/** Removes a file, and folders that become empty. */
function remove(file) {
  rmSync(file, { force: true });
  try {
    for (let folder = dirname(file); folder !== dist; folder = dirname(folder)) rmdirSync(folder);
  } catch {
    // The folder has other files.
  }
}

/** Lays out the charts of the machines, so that neither the inspector's page nor `tsworker machines` needs elk, which has 8 MB. */
async function writeLayouts(folder) {
  const charts = join(folder, "charts.mjs");
  const contents = `
    export { layoutOf } from "./src/inspector/chart/layout.ts";
    export { machineCharts } from "./src/inspector/chart/machine-charts.ts";
  `;
  await build({
    stdin: { contents, resolveDir: root },
    outfile: charts,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
  });
  const [{ layoutOf, machineCharts }, { default: elk }] = [
    await import(pathToFileURL(charts).href),
    await import("elkjs/lib/main.js"),
  ];
  rmSync(charts);
  const layouts = {};
  for (const [name, chart] of Object.entries(machineCharts())) {
    const [events, all] = await Promise.all(
      ["events", "all"].map((detail) => layoutOf(chart, new elk.default(), detail)),
    );
    layouts[name] = { chart, events, all };
  }
  writeFileSync(join(folder, LAYOUTS), JSON.stringify(layouts));
}

const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const inputs = hashOfInputs();
if (!process.argv.includes("--if-changed") || stampOf(dist) !== inputs) {
  // As deep as dist, because source maps hold relative paths.
  const folder = mkdtempSync(join(root, ".build-"));
  try {
    run("tsc", "-p", "tsconfig.build.json", "--outDir", folder);
    await build({
      absWorkingDir: root,
      entryPoints: ENTRIES,
      outbase: root,
      outdir: folder,
      chunkNames: "src/chunks/[name]-[hash]",
      bundle: true,
      splitting: true,
      external: Object.keys(dependencies).filter((name) => name !== BUNDLED),
      platform: "node",
      format: "esm",
      target: "node20.18",
      sourcemap: true,
      logLevel: "warning",
    });
    run(
      "vite",
      "build",
      "src/inspector/page",
      "--outDir",
      join(folder, "inspect-page"),
      "--logLevel",
      "warn",
    );
    copyFileSync(join(root, "node_modules", BUNDLED, "LICENSE"), join(folder, `LICENSE.${BUNDLED}`));
    await writeLayouts(folder);
    chmodSync(join(folder, "src/cli/main.js"), 0o755);
    writeFileSync(join(folder, STAMP), inputs);
    moveToDist(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
