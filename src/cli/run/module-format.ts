import { extname } from "node:path";
import { buildSync, type Loader } from "esbuild";

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

/** What esbuild calls a program's language; undefined: it is no program. */
export const loaderOf = (file: string): Loader | undefined => LOADERS[extname(file)];

/** Names that only CommonJS defines. A program without them is a module, whatever else it holds. */
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
    // A syntax error: whoever loads it says where.
    return true;
  }
}
