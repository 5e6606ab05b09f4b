import type { OpenaiServer } from "../../simulator/openai/openai-model.js";
import type { OpenaiModelOptions } from "../../simulator/openai/openai-model-options.js";
import { count } from "../option-values.js";
import { addInferenceFlags } from "./inference-flags.js";
import type { SimKind } from "./sim-kind.js";

/** A server with OpenAI's interface. @param product its name in front of people. */
export function openaiKind(name: OpenaiServer, product: string): SimKind<OpenaiModelOptions> {
  return {
    name,
    description: `${product}, with OpenAI's interface`,
    port: 18000,
    sample: { route: "/v1/completions", payload: { prompt: "Hello", max_tokens: 64 }, cost: 64 },
    addFlags: (command) => {
      command
        .option("--model <name>", "name of the model", "simulated/llm-8b")
        .option(
          "--context-length <tokens>",
          "tokens of prompt and answer together (default: no limit)",
          count,
        );
      addInferenceFlags(command);
    },
    model: async (options) => {
      const { OpenaiModel } = await import("../../simulator/openai/openai-model.js");
      return new OpenaiModel(name, options);
    },
  };
}
