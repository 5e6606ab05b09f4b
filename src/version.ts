import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);

/** The nearest package.json above: the sources and the built files lie at different depths below it. */
function readVersion(directory: string): string {
  try {
    const manifest: { name?: string; version?: string } = require(join(directory, "package.json"));
    if (manifest.name === "tsworker" && manifest.version !== undefined) return manifest.version;
  } catch {
    // Not here; look one level up.
  }
  const parent = dirname(directory);
  if (parent === directory) throw new Error("tsworker's package.json was not found");
  return readVersion(parent);
}

/** This package's version, as reports tell it. */
export const VERSION: string = readVersion(dirname(fileURLToPath(import.meta.url)));
