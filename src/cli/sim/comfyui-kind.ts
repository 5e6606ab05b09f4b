import { Option } from "commander";
import type { ComfyModelOptions } from "../../simulator/comfyui/comfy-model-options.js";
import { LOAD_ERRORS } from "../../simulator/comfyui/load-error.js";
import { numberFrom } from "../option-values.js";
import type { SimKind } from "./sim-kind.js";

const modifications = { prompt: "a lake in the mountains at dusk", width: 512, height: 512, steps: 20 };

/** ComfyUI behind its API wrapper. */
export const comfyuiKind: SimKind<ComfyModelOptions> = {
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
