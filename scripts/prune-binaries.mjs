// Removes the binaries of uWebSockets.js that cannot run here: its package holds those of all platforms, 138 MB. npm runs this
// after each installation; with --ignore-scripts everything stays. Kept are the binaries of this platform for all versions of
// Node.js that tsworker runs on; with --this-node, for an image, only the one of this Node.js.
//
// Only a copy that belongs to tsworker alone is changed: not one in the store of pnpm, nor one of a workspace, nor one that
// another package of the project depends on, nor the official package. A failure leaves things as they are.
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NAME = "uWebSockets.js";
/** The repack that tsworker depends on under that name. */
const REPACK = "uws-pack";
/** The ABI of Node.js 18. */
const OLDEST_UNUSED_ABI = 108;
const BINARY = /^uws_(\w+)_(\w+)_(\d+)\.node$/;

const tsworker = realpathSync(fileURLToPath(new URL("..", import.meta.url))).replace(/\/$/, "");

function manifestOf(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  } catch {
    return {};
  }
}

function dependsOnIt(folder, ...more) {
  const manifest = manifestOf(folder);
  return ["dependencies", "optionalDependencies", "peerDependencies", ...more].some(
    (kind) => manifest[kind] !== undefined && (NAME in manifest[kind] || REPACK in manifest[kind]),
  );
}

/** Folders of the packages in a node_modules folder, with those in their own. */
function packagesIn(modules) {
  if (!existsSync(modules)) return [];
  return readdirSync(modules)
    .filter((name) => !name.startsWith("."))
    .flatMap((name) => {
      const folder = join(modules, name);
      return name.startsWith("@") ? readdirSync(folder).map((scoped) => join(folder, scoped)) : [folder];
    })
    .flatMap((folder) => [folder, ...packagesIn(join(folder, "node_modules"))]);
}

/** The folder of the binaries; undefined where they are not tsworker's alone. */
function ownBinaries() {
  const place = realpathSync(fileURLToPath(import.meta.resolve(NAME)));
  const folder = dirname(dirname(place));
  const modules = dirname(folder);
  if (basename(modules) !== "node_modules" || manifestOf(folder).name !== REPACK) return undefined;
  const isNested = modules === join(tsworker, "node_modules");
  if (!isNested) {
    if (modules !== dirname(tsworker)) return undefined;
    if (dependsOnIt(dirname(modules), "devDependencies")) return undefined;
    if (packagesIn(modules).some((each) => each !== tsworker && dependsOnIt(each))) return undefined;
  }
  return join(folder, "dist", "bin");
}

/** Whether npm installs for this machine, and not by --os and --cpu for another one. */
const isForThisMachine =
  (process.env.npm_config_os ?? process.platform) === process.platform &&
  (process.env.npm_config_cpu ?? process.arch) === process.arch;

try {
  const folder = isForThisMachine ? ownBinaries() : undefined;
  if (folder !== undefined) {
    const isOfThisNode = process.argv.includes("--this-node")
      ? (abi) => abi === process.versions.modules
      : (abi) => Number(abi) > OLDEST_UNUSED_ABI;
    for (const file of readdirSync(folder)) {
      const [, platform, arch, abi] = BINARY.exec(file) ?? [];
      const runsHere = platform === process.platform && arch === process.arch && isOfThisNode(abi);
      if (abi !== undefined && !runsHere) rmSync(join(folder, file), { force: true });
    }
  }
} catch (error) {
  console.warn(`tsworker: the binaries of other platforms stay: ${error.message}`);
}
