import { type Command, Option } from "commander";
import type { ComfyModelOptions } from "../../simulator/comfyui/comfy-model.js";
import { LOAD_ERRORS } from "../../simulator/comfyui/load-error.js";
import type { InferenceOptions } from "../../simulator/language/inference.js";
import type { LlamaCppModelOptions } from "../../simulator/llama-cpp/llama-cpp-model.js";
import type { OpenaiModelOptions, OpenaiServer } from "../../simulator/openai/openai-model.js";
import type { SimulatedModel } from "../../simulator/simulated-model.js";
import { PURPOSES } from "../../simulator/simulator-options.js";
import type { TgiModelOptions } from "../../simulator/tgi/tgi-model.js";
import type { TrainingModelOptions } from "../../simulator/training/training-model.js";
import { count, numberFrom, positive, share } from "../command/option-values.js";

/** A request to try. */
export interface Sample {
  readonly route: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly cost: number;
}

/** A kind of model server that `tsworker sim` can simulate. */
export interface SimKind<Options extends object = object> {
  /** Name on the command line. */
  readonly name: string;
  readonly description: string;
  /** Default port of such a server. */
  readonly port: number;
  /** A request to try a worker in front of it. */
  readonly sample: Sample;
  /** Adds the flags of this kind, with their defaults. */
  addFlags(command: Command): void;
  /**
   * Creates the model. Its code is loaded on demand.
   *
   * @param options values of {@link SimKind.addFlags}; those that are absent take the model's own defaults.
   */
  model(options: Partial<Options>): Promise<SimulatedModel>;
}

/** The flags of every simulated language model: its rates and limits. */
function addInferenceFlags(command: Command, maxConcurrency = "no limit"): void {
  command
    .option("--tokens-per-second <rate>", "rate of each request, as long as there are few", positive, 400)
    .option("--batch-tokens-per-second <rate>", "rate of all requests together, at most", positive, 30_000)
    .option("--prefill-tokens-per-second <rate>", "rate at which prompts are read", positive, 20_000)
    .option("--first-token-ms <ms>", "time to the first token in any case", numberFrom(0), 20)
    .option("--max-concurrency <count>", `requests that run at once (default: ${maxConcurrency})`, count)
    .option("--jitter <share>", "how much the rate varies, 0 to 1", share, 0.1)
    .option("--seed <number>", "seed of texts and jitter", numberFrom(0), 1);
}

const COMPLETION = {
  route: "/v1/completions",
  payload: { prompt: "Hello", max_tokens: 64 },
  cost: 64,
} satisfies Sample;

/** A server with OpenAI's interface. @param product its name in texts. */
function openaiKind(name: OpenaiServer, product: string): SimKind<OpenaiModelOptions> {
  return {
    name,
    description: `${product}, with OpenAI's interface`,
    port: 18000,
    sample: COMPLETION,
    addFlags: (command) => {
      command
        .option("--model <name>", "name of the model", "simulated/llm-8b")
        .option(
          "--context-length <tokens>",
          "tokens of prompt and answer together (default: no limit)",
          count,
        )
        .addOption(
          new Option(
            "--serves <what>",
            "what the model is for; other routes are not there (default: all)",
          ).choices(PURPOSES),
        );
      addInferenceFlags(command);
    },
    model: async (options) => {
      const { OpenaiModel } = await import("../../simulator/openai/openai-model.js");
      return new OpenaiModel(name, options);
    },
  };
}

/** The server of llama.cpp. */
const llamaCppKind: SimKind<LlamaCppModelOptions> = {
  name: "llama-cpp",
  description: "llama.cpp's server, with OpenAI's interface and its own",
  port: 18000,
  sample: COMPLETION,
  addFlags: (command) => {
    command
      .option("--model <name>", "name of the model", "simulated/llm-8b")
      .option("--context-length <tokens>", "tokens of the context (default: 131072)", count)
      .option(
        "--parallel <count>",
        "slots, each with its share of the context (default: 4, which share it)",
        count,
      )
      .option("--embeddings", "embeds texts, and generates none")
      .option("--reranking", "ranks texts, and generates none");
    addInferenceFlags(command, "4");
  },
  model: async (options) => {
    const { LlamaCppModel } = await import("../../simulator/llama-cpp/llama-cpp-model.js");
    return new LlamaCppModel(options);
  },
};

/** Hugging Face's text-generation-inference. */
const tgiKind: SimKind<TgiModelOptions> = {
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

const modifications = { prompt: "a lake in the mountains at dusk", width: 512, height: 512, steps: 20 };

/** ComfyUI behind its API wrapper. */
const comfyuiKind: SimKind<ComfyModelOptions> = {
  name: "comfyui",
  description: "ComfyUI behind its API wrapper: pictures, videos, music",
  port: 18288,
  sample: {
    route: "/generate/sync",
    payload: { input: { modifier: "Text2Image", modifications } },
    cost: 100,
  },
  addFlags: (command) => {
    command
      .option(
        "--step-ms <ms>",
        "time of a sampling step; one of a video takes ten times as long",
        numberFrom(0),
        50,
      )
      .addOption(
        new Option("--image <generation>", "whose log is written: ComfyUI's (older) or the wrapper's")
          .choices(["older", "newer"])
          .default("newer"),
      )
      .addOption(
        new Option(
          "--load-error <what>",
          "why it dies with --fail out-of-memory (default: as the image does)",
        ).choices(LOAD_ERRORS),
      );
  },
  model: async (options) => {
    const { ComfyModel } = await import("../../simulator/comfyui/comfy-model.js");
    return new ComfyModel(options);
  },
};

/** A server that trains a model, in tasks. */
const trainingKind: SimKind<TrainingModelOptions> = {
  name: "training",
  description: "a server that trains a model, in one task at a time",
  port: 8080,
  sample: {
    route: "/start_task",
    payload: { epochs: 3, max_train_batches_per_epoch: 20, session_id: "none" },
    cost: 100,
  },
  addFlags: (command) => {
    command
      .option("--batches-per-second <rate>", "rate of a task", positive, 20)
      .option("--batches-per-epoch <count>", "batches that the data has", count, 200)
      .option("--seed <number>", "seed of the losses", numberFrom(0), 1);
  },
  model: async (options) => {
    const { TrainingModel } = await import("../../simulator/training/training-model.js");
    return new TrainingModel(options);
  },
};

/** The token server of the example of that name. */
const helloWorldKind: SimKind<InferenceOptions> = {
  name: "hello-world",
  description: "the token server of the example hello-world",
  port: 5001,
  sample: { route: "/generate", payload: { prompt: "Hello world" }, cost: 2 },
  addFlags: (command) => addInferenceFlags(command),
  model: async (options) => {
    const { HelloWorldModel } = await import("../../simulator/hello-world-model.js");
    return new HelloWorldModel(options);
  },
};

/** Every kind of model server that can be simulated. */
export const SIM_KINDS = [
  openaiKind("vllm", "vLLM"),
  openaiKind("sglang", "SGLang"),
  llamaCppKind,
  tgiKind,
  comfyuiKind,
  trainingKind,
  helloWorldKind,
] as const satisfies readonly SimKind[];

/** Finds a kind by its name. */
export function simKind(name: string): SimKind | undefined {
  return SIM_KINDS.find((kind) => kind.name === name);
}
