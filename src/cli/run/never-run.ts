import { isDefined, workerRegistry } from "../../worker/worker-registry.js";
import { bundle } from "./bundle.js";
import { shownPath, sourceOf } from "./source-place.js";

/**
 * Why a program that has ended has done nothing: it never ran the worker that it made, or it only defines things.
 *
 * @param exports of the program.
 * @returns undefined: it has run a worker, or has done something else.
 */
export function neverRun(file: string, exports: Readonly<Record<string, unknown>>): string | undefined {
  if (workerRegistry.begun > 0) return undefined;
  const name = shownPath(file);
  if (workerRegistry.made > 0) {
    const values = Object.values(exports);
    if (values.some(isDefined)) {
      return `${name} defines a worker that is not its default export: write export default defineWorker({ … });`;
    }
    const exported = values.some(isWorker);
    const what = exported ? "exports a Worker" : "makes a Worker";
    return `${name} ${what} and never calls its run(): write await new Worker({ … }).run();`;
  }
  const source = sourceOf(file) ?? "";
  if (source.trim() === "") return `${name} is empty: it needs await new Worker({ … }).run();`;
  if (!onlyDefines(file, source)) return undefined;
  return `${name} only defines things, and runs no worker: it needs await new Worker({ … }).run();`;
}

/** By its class's name: the program may have a copy of this package of its own. */
const isWorker = (value: unknown): boolean =>
  typeof value === "object" && value !== null && value.constructor.name === "Worker";

/** Whether nothing is left of a program when all is left out that nobody uses. */
function onlyDefines(file: string, source: string): boolean {
  // A package that is imported for what it does.
  if (/^\s*import\s*["'][^./]/m.test(source)) return false;
  try {
    return (
      bundle(file)
        .replace(/^(?:import\b[^"]*"[^"]*";|\/\/ .*)$/gm, "")
        .trim() === ""
    );
  } catch {
    // What esbuild cannot follow has been run all the same.
    return false;
  }
}
