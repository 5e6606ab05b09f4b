import { exampleOf } from "./example-of.js";

/** Which simulated model each example stands in front of; those that need none are not here. */
const MODELS: Readonly<Record<string, string>> = {
  "hello-world": "hello-world",
  vllm: "vllm",
  sglang: "sglang",
  "llama-cpp": "llama-cpp",
  tgi: "tgi",
  comfyui: "comfyui",
  wan: "comfyui",
  ace: "comfyui",
  session: "training",
};

/**
 * The kind of model server that a worker is developed with, unless its author says otherwise: that of the example that
 * it is or was copied from, and vLLM for everybody else's worker.
 *
 * @param file of the worker.
 * @returns undefined for an example without a model server.
 */
export function modelFor(file: string): string | undefined {
  const example = exampleOf(file);
  return example === undefined ? "vllm" : MODELS[example];
}
