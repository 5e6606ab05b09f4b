import type { Inference, InferenceWork } from "../language/inference.js";
import { RefusedRequest } from "../simulated-model.js";
import type { ServerTraits } from "./server-traits.js";

interface ServedInput {
  readonly model: string;
  readonly inference: Inference;
  readonly traits: ServerTraits;
  readonly contextLength: number;
}

/** The model that a server has loaded, for all of its routes. */
export class Served {
  readonly model: string;
  readonly inference: Inference;
  readonly traits: ServerTraits;
  readonly #contextLength: number;

  constructor({ model, inference, traits, contextLength }: ServedInput) {
    this.model = model;
    this.inference = inference;
    this.traits = traits;
    this.#contextLength = contextLength;
  }

  /** @throws RefusedRequest 404 when the request names another model, 400 when it is too long. */
  readonly check = (model: string | null | undefined, { prompt, tokens }: InferenceWork): void => {
    if (this.traits.isStrictAboutModel && model && model !== this.model) {
      throw new RefusedRequest(404, `The model \`${model}\` does not exist.`);
    }
    const limit = this.#contextLength;
    if (prompt + tokens > limit) {
      throw new RefusedRequest(400, this.traits.tooLong({ limit, prompt, wanted: tokens }));
    }
  };
}
