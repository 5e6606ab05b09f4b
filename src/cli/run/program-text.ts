import { basename, dirname, extname } from "node:path";
import { buildSync, type Loader } from "esbuild";

/**
 * Bundles a program with its own files, without unused code. Imports of packages stay.
 *
 * @throws esbuild's `BuildFailure`, with the places of all syntax errors.
 */
export function bundle(file: string): string {
  const { outputFiles } = buildSync({
    // Imported, because the exports of an entry would count as used.
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

const LOADERS: Readonly<Record<string, Loader>> = {
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
  ".jsx": "jsx",
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
};

/** esbuild's loader for a file; undefined: it is no program. */
export const loaderOf = (file: string): Loader | undefined => LOADERS[extname(file)];

/** Names that only CommonJS defines. A program without them is a module. */
const COMMONJS_NAMES = /\b(?:require|module|exports|__dirname|__filename)\b|^\s*export\s*=/m;

/**
 * Whether a program is an ES module by what is written in it: the `type` of the folder's package.json is a statement
 * about the output of a compiler that does not run here.
 */
export function isModule(file: string, source: string): boolean {
  if (!COMMONJS_NAMES.test(source)) return true;
  try {
    const { metafile } = buildSync({
      stdin: { contents: source, loader: loaderOf(file) ?? "js", sourcefile: "program" },
      bundle: true,
      external: ["*"],
      format: "esm",
      logLevel: "silent",
      metafile: true,
      write: false,
    });
    return metafile.inputs.program?.format === "esm";
  } catch {
    // A syntax error is reported when the program is loaded.
    return true;
  }
}
