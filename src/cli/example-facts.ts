import { basename, dirname } from "node:path";
import type { Sample } from "./sim/sim-kind.js";

/** What is needed to try a worker. */
export interface ExampleFacts {
  /** The kind of model server that is simulated for it; undefined: it needs none. */
  readonly model?: string;
  /** A request to try, where there is no model server whose kind would know one. */
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
 * What a worker is tried with, unless its author says otherwise. The name of its folder tells whether it is one of the
 * examples or a copy of one; everybody else's worker has a simulated vLLM.
 *
 * @param file of the worker.
 */
export function exampleFacts(file: string): ExampleFacts {
  return FACTS.get(basename(dirname(file))) ?? { model: "vllm" };
}
