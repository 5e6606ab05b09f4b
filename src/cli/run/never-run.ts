import { deploymentRegistry } from "../../deployment/registry.js";
import { isDefined, workerRegistry } from "../../worker/worker-registry.js";
import { bundle } from "./program-text.js";
import { shownPath, sourceOf } from "./source-place.js";

/**
 * The reason why a program did nothing: it never ran its worker, or it only defines things.
 *
 * @param exports of the program.
 * @returns undefined: it ran a worker, or did something else.
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
  if (deploymentRegistry.defined.some((deployment) => Object.values(exports).includes(deployment))) {
    return `${name} defines a deployment: run its worker with npx tsworker serve ${name}`;
  }
  const source = sourceOf(file) ?? "";
  if (source.trim() === "") return `${name} is empty: it needs await new Worker({ … }).run();`;
  if (!onlyDefines(file, source)) return undefined;
  return `${name} only defines things, and runs no worker: it needs await new Worker({ … }).run();`;
}

/** By its class's name: the program may have a copy of this package of its own. */
const isWorker = (value: unknown): boolean =>
  typeof value === "object" && value !== null && value.constructor.name === "Worker";

/** Whether a program is empty without its unused code. */
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
    // esbuild cannot bundle it, but it has run.
    return false;
  }
}
