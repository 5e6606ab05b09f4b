import type { InferenceOptions } from "../../simulator/language/inference-options.js";
import { addInferenceFlags } from "./inference-flags.js";
import type { SimKind } from "./sim-kind.js";

/** The token server of the example of that name. */
export const helloWorldKind: SimKind<InferenceOptions> = {
  name: "hello-world",
  description: "the token server of the example hello-world",
  port: 5001,
  sample: { route: "/generate", payload: { prompt: "Hello world" }, cost: 2 },
  addFlags: addInferenceFlags,
  model: async (options) => {
    const { HelloWorldModel } = await import("../../simulator/hello-world/hello-world-model.js");
    return new HelloWorldModel(options);
  },
};
