import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { TsworkerError } from "../errors.js";
import { packageRoot } from "../package-root.js";

/** Where the examples lie that come with the package. */
export const examplesFolder: string = join(packageRoot, "examples");

/** The workers that come with the package, by name. */
export function exampleNames(): readonly string[] {
  return readdirSync(examplesFolder).filter((name) => existsSync(join(examplesFolder, name, "worker.ts")));
}

/**
 * Finds a program: a file of the user's, or one that comes with the package: `vllm` is its example of that name,
 * `vllm/client` the client beside it. A file wins.
 *
 * @throws TsworkerError when there is neither.
 */
export function workerFile(name: string): string {
  const file = resolve(name);
  if (/\.[cm]?[jt]sx?$/.test(name) || /^[./]/.test(name)) {
    if (existsSync(file)) return file;
    throw new TsworkerError(
      "CONFIG_INVALID",
      `there is no ${file}: name the file of a worker, or an example`,
    );
  }
  const [example = "", program = "worker", ...rest] = name.split("/");
  const found = join(examplesFolder, example, `${program}.ts`);
  if (example !== "" && rest.length === 0 && existsSync(found)) return found;
  const message = `there is no example ${name}: name a file such as ./worker.ts, or one of ${exampleNames().join(", ")}`;
  throw new TsworkerError("CONFIG_INVALID", message);
}
