import { basename, dirname } from "node:path";
import { exampleNames } from "./worker-file.js";

/**
 * The example that a worker is, or a copy of: the name of its folder tells.
 *
 * @param file of the worker.
 * @returns undefined for everybody else's worker.
 */
export function exampleOf(file: string): string | undefined {
  const folder = basename(dirname(file));
  return exampleNames().includes(folder) ? folder : undefined;
}
