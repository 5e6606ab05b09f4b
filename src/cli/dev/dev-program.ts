import { basename, dirname, join, relative, resolve } from "node:path";
import { packageRoot } from "../../shared/package-root.js";
import { exampleFacts } from "../example-facts.js";
import type { Sample } from "../sim/sim-kind.js";
import { simKind } from "../sim/sim-kinds.js";
import { examplesFolder, programAt, workerFile } from "../worker-file.js";

/** What a worker in development is, as Node.js is told. */
export interface DevProgram {
  /** How it is called in front of people. */
  readonly title: string;
  readonly parameters: readonly string[];
  /** Folder whose programs restart it when they change; undefined: nothing does. */
  readonly folder: string | undefined;
  /** Kind of model server that is simulated for it, unless its author says otherwise; undefined: none. */
  readonly model: string | undefined;
  /** What there is in place of a simulated model, in words. */
  readonly otherModel: string;
  /** A request to try, where the model does not tell one. */
  readonly sample?: Sample | undefined;
}

const MAIN = join(packageRoot, "dist/src/cli/main.js");

const SIMULATED: DevProgram = {
  title: "a simulated worker, as there is no worker.ts here",
  parameters: [MAIN, "simulated-worker"],
  folder: undefined,
  model: undefined,
  otherModel: "in the worker's process",
  sample: simKind("vllm")?.sample,
};

/**
 * Finds how to run a worker.
 *
 * @param name its file or the name of an example; undefined: the usual file of the working directory, or else the
 *   simulated worker.
 * @throws TsworkerError when there is neither.
 */
export function devProgram(name: string | undefined): DevProgram {
  const found = name ?? programAt(resolve("worker"));
  if (found === undefined) return SIMULATED;
  const file = workerFile(found);
  const folder = dirname(file);
  const { model, sample } = exampleFacts(file);
  const isExample = dirname(folder) === examplesFolder;
  return {
    title: isExample ? `example ${basename(folder)}` : relative("", file),
    parameters: [MAIN, "run", file],
    folder,
    model,
    otherModel: "none",
    sample,
  };
}
