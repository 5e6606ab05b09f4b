import { basename, dirname } from "node:path";
import { buildSync } from "esbuild";

/**
 * A program with all files of its own that it imports, as one text, without what nobody uses. Imports of packages stay.
 *
 * @throws esbuild's `BuildFailure`, with the places of all syntax errors.
 */
export function bundle(file: string): string {
  const { outputFiles } = buildSync({
    // Imported, because all that an entry exports counts as used.
    stdin: { contents: `import ${JSON.stringify(`./${basename(file)}`)};`, resolveDir: dirname(file) },
    absWorkingDir: dirname(file),
    bundle: true,
    format: "esm",
    legalComments: "none",
    logLevel: "silent",
    packages: "external",
    platform: "node",
    treeShaking: true,
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}
