import { OpenaiModel, type OpenaiServer } from "../../simulator/openai/openai-model.js";
import type { OpenaiModelOptions } from "../../simulator/openai/openai-model-options.js";
import { count, numberFrom, positive, share } from "../option-values.js";
import type { SimKind } from "./sim-kind.js";

/** A server with OpenAI's interface. @param product its name in front of people. */
export function openaiKind(name: OpenaiServer, product: string): SimKind<OpenaiModelOptions> {
  return {
    name,
    description: `a server with OpenAI's interface, and a log like that of ${product}`,
    port: 18000,
    sample: { route: "/v1/completions", payload: { prompt: "Hello", max_tokens: 64 }, cost: 64 },
    addFlags: (command) => {
      command
        .option("--model <name>", "name of the model", "simulated/llm-8b")
        .option("--tokens-per-second <rate>", "pace of each request", positive, 50)
        .option("--first-token-ms <ms>", "time to the first token", numberFrom(0), 20)
        .option("--max-concurrency <count>", "requests that run at once (default: no limit)", count)
        .option("--jitter <share>", "how much the pace varies, 0 to 1", share, 0.1)
        .option("--seed <number>", "seed of texts and jitter", numberFrom(0), 1);
    },
    model: (options) => new OpenaiModel(name, options),
  };
}
