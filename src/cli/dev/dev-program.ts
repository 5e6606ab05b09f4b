import { basename, dirname, join, relative, resolve } from "node:path";
import { packageRoot } from "../../shared/package-root.js";
import { examplesFolder, programAt, workerFile } from "../command/worker-file.js";
import { type Sample, simKind } from "../sim/sim-kinds.js";

/** How to run a worker in development. */
export interface DevProgram {
  /** Title for the terminal. */
  readonly title: string;
  readonly parameters: readonly string[];
  /** Folder that is watched for changes; undefined: none. */
  readonly folder: string | undefined;
  /** Default kind of simulated model server; undefined: none. */
  readonly model: string | undefined;
  /** Description of the model where none is simulated. */
  readonly otherModel: string;
  /** A request to try, where the kind of model has none. */
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
 * Finds a worker's program.
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

/** Defaults to try a worker. */
interface ExampleFacts {
  /** Kind of simulated model server; undefined: none. */
  readonly model?: string;
  /** A request to try, where no model is simulated. */
  readonly sample?: Sample;
}

const FACTS: ReadonlyMap<string, ExampleFacts> = new Map<string, ExampleFacts>([
  ["hello-world", { model: "hello-world" }],
  ["vllm", { model: "vllm" }],
  ["sglang", { model: "sglang" }],
  ["llama-cpp", { model: "llama-cpp" }],
  ["tgi", { model: "tgi" }],
  ["comfyui", { model: "comfyui" }],
  ["wan", { model: "comfyui" }],
  ["ace", { model: "comfyui" }],
  ["session", { model: "training" }],
  ["functions", { sample: { route: "/digest", payload: { text: "hello" }, cost: 1 } }],
  ["reserve", { sample: { route: "/reserve", payload: { duration: 1 }, cost: 100 } }],
]);

/**
 * Defaults to try a worker: by the name of its folder for the examples and copies of them, otherwise a simulated vLLM.
 *
 * @param file of the worker.
 */
export function exampleFacts(file: string): ExampleFacts {
  return FACTS.get(basename(dirname(file))) ?? { model: "vllm" };
}
