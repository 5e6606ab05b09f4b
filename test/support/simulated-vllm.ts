import { ModelSimulator } from "../../src/simulator/model-simulator.js";
import { OpenaiModel, type OpenaiModelOptions } from "../../src/simulator/openai/openai-model.js";
import type { SimulatorOptions } from "../../src/simulator/simulator-options.js";

export type SimulatedVllmOptions = SimulatorOptions & OpenaiModelOptions;

/** A simulated vLLM that is not started yet. */
export function simulatedVllm(options: SimulatedVllmOptions = {}): ModelSimulator {
  return new ModelSimulator(new OpenaiModel("vllm", options), options);
}
