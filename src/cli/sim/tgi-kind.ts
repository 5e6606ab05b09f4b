import type { TgiModelOptions } from "../../simulator/tgi/tgi-model-options.js";
import { count } from "../option-values.js";
import { addInferenceFlags } from "./inference-flags.js";
import type { SimKind } from "./sim-kind.js";

/** Hugging Face's text-generation-inference. */
export const tgiKind: SimKind<TgiModelOptions> = {
  name: "tgi",
  description: "text-generation-inference, with its log as JSON",
  port: 5001,
  sample: { route: "/generate", payload: { inputs: "Hello", parameters: { max_new_tokens: 64 } }, cost: 64 },
  addFlags: (command) => {
    command
      .option("--model <name>", "name of the model", "simulated/llm-8b")
      .option("--max-input-tokens <tokens>", "tokens that a prompt may have", count, 4095)
      .option("--max-total-tokens <tokens>", "tokens of prompt and answer together", count, 4096);
    addInferenceFlags(command);
  },
  model: async (options) => {
    const { TgiModel } = await import("../../simulator/tgi/tgi-model.js");
    return new TgiModel(options);
  },
};
