import { existsSync, readFileSync } from "node:fs";
import type { InitializeHook, LoadHook, ResolveHook, ResolveHookContext } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { packageRoot } from "../../shared/package-root.js";
import { isModule, loaderOf } from "./program-text.js";

/** Data of the registration. */
export interface ModuleHooksData {
  /** URL of the program that is run. */
  readonly entry: string;
}

let entry: string | undefined;

export const initialize: InitializeHook<ModuleHooksData> = (data) => {
  entry = data.entry;
};

/** Lets a program that is written as a module be one, and find this package where its own folder has none. */
export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  const found = await nextResolve(specifier, withPackage(specifier, context));
  const file = userProgram(found.url);
  if (file === undefined || found.format === "module") return found;
  const isWrapped = found.url === entry && isTypeScript(file);
  return isWrapped || isModule(file, readFileSync(file, "utf8")) ? { ...found, format: "module" } : found;
};

/** What a program in CommonJS expects to be there: an import at its end, which keeps lines and columns as they are. */
function commonJsNames(file: string): string {
  const names = `import { createRequire } from "node:module";
export const __filename = ${JSON.stringify(file)}, __dirname = ${JSON.stringify(dirname(file))};
export const require = createRequire(__filename), module = { exports: {} }, exports = module.exports;`;
  const url = `data:text/javascript,${encodeURIComponent(names)}`;
  return `\nimport { __filename, __dirname, require, module, exports } from ${JSON.stringify(url)};\n`;
}

/**
 * A program in TypeScript that is written as CommonJS runs as a module with a `require`: the CommonJS loader of
 * Node.js 20 cannot give such a program a package that is a module.
 */
export const load: LoadHook = async (url, context, nextLoad) => {
  const file = url === entry ? userProgram(url) : undefined;
  if (file === undefined || !isTypeScript(file)) return nextLoad(url, context);
  const source = readFileSync(file, "utf8");
  if (isModule(file, source)) return nextLoad(url, context);
  return { format: "module", source: source + commonJsNames(file), shortCircuit: true };
};

const isTypeScript = (file: string): boolean => /^\.[cm]?tsx?$/.test(extname(file));

/** The file of a program that is the user's own, and no package's; undefined: it is something else. */
function userProgram(url: string): string | undefined {
  if (!url.startsWith("file:") || url.includes("/node_modules/")) return undefined;
  const file = fileURLToPath(url);
  return loaderOf(file) === undefined ? undefined : file;
}

const OWN_NAME = /^tsworker(?:$|\/)/;

/** Where no folder above a program has this package, the copy that runs is taken. */
function withPackage(specifier: string, context: ResolveHookContext): ResolveHookContext {
  const { parentURL } = context;
  if (!OWN_NAME.test(specifier) || !parentURL?.startsWith("file:")) return context;
  if (hasPackage(dirname(fileURLToPath(parentURL)))) return context;
  return { ...context, parentURL: pathToFileURL(join(packageRoot, "package.json")).href };
}

function hasPackage(folder: string): boolean {
  if (folder === packageRoot || existsSync(join(folder, "node_modules", "tsworker", "package.json")))
    return true;
  const parent = dirname(folder);
  return parent !== folder && hasPackage(parent);
}
