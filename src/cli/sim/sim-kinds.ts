import { comfyuiKind } from "./comfyui-kind.js";
import { helloWorldKind } from "./hello-world-kind.js";
import { openaiKind } from "./openai-kind.js";
import type { SimKind } from "./sim-kind.js";
import { tgiKind } from "./tgi-kind.js";
import { trainingKind } from "./training-kind.js";

/** Every kind of model server that can be simulated. */
export const SIM_KINDS = [
  openaiKind("vllm", "vLLM"),
  openaiKind("sglang", "SGLang"),
  openaiKind("llama-cpp", "llama.cpp"),
  tgiKind,
  comfyuiKind,
  trainingKind,
  helloWorldKind,
] as const satisfies readonly SimKind[];

/** Finds a kind by its name. */
export function simKind(name: string): SimKind | undefined {
  return SIM_KINDS.find((kind) => kind.name === name);
}
