import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { TsworkerError } from "../../shared/errors.js";
import { packageRoot } from "../../shared/package-root.js";

/** Where the examples lie that come with the package. */
export const examplesFolder: string = join(packageRoot, "examples");

/** Extensions of programs. */
const EXTENSIONS = [".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"] as const;

/** The workers that come with the package, by name. */
export function exampleNames(): readonly string[] {
  return readdirSync(examplesFolder).filter((name) => existsSync(join(examplesFolder, name, "worker.ts")));
}

/**
 * Finds a program: a file of the user's, the worker in a folder of the user's, or one that comes with the package:
 * `vllm` is its example of that name, `vllm/client` the client beside it. The user's files take precedence, so that a copy of
 * an example goes by the example's name.
 *
 * @throws TsworkerError when there is neither.
 */
export function workerFile(name: string): string {
  const path = resolve(name);
  const own = isFile(path) ? path : (programAt(join(path, "worker")) ?? programAt(path));
  if (own !== undefined) return own;
  if (/\.[cm]?[jt]sx?$/.test(name) || /^[./]/.test(name)) {
    throw invalid(
      existsSync(path)
        ? `there is no worker.ts in ${path}: name a file in it`
        : `there is no ${path}: name the file of a worker, or an example`,
    );
  }
  const [example = "", program = "worker", ...rest] = name.replace(/\/+$/, "").split("/");
  const folder = join(examplesFolder, example);
  const found = rest.length === 0 ? programAt(join(folder, program)) : undefined;
  if (found !== undefined) return found;
  if (exampleNames().includes(example)) {
    throw invalid(`there is no ${name}: the example has ${programsOf(folder).join(", ")}`);
  }
  throw invalid(
    `there is no example ${name}: name a file such as ./worker.ts, or one of ${exampleNames().join(", ")}`,
  );
}

const invalid = (message: string): TsworkerError => new TsworkerError("CONFIG_INVALID", message);

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** Finds a program by its path without extension. */
export function programAt(path: string): string | undefined {
  return EXTENSIONS.map((extension) => path + extension).find(isFile);
}

/** The programs of an example. */
function programsOf(folder: string): readonly string[] {
  return ["worker", "client"].filter((program) => programAt(join(folder, program)) !== undefined);
}
