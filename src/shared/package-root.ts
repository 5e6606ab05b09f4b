import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);

interface Manifest {
  readonly name?: string;
  readonly version?: string;
}

/** Finds the nearest package.json above: the sources and the built files are at different depths below it. */
function find(directory: string): { readonly root: string; readonly version: string } {
  try {
    const { name, version }: Manifest = require(join(directory, "package.json"));
    if (name === "tsworker" && version !== undefined) return { root: directory, version };
  } catch {
    // Continue one level up.
  }
  const parent = dirname(directory);
  if (parent === directory) throw new Error("tsworker's package.json was not found");
  return find(parent);
}

const found = find(dirname(fileURLToPath(import.meta.url)));

/** The folder of this package. */
export const packageRoot: string = found.root;

/** The version of this package. */
export const VERSION: string = found.version;
