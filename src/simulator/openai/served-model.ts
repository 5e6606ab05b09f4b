import type { Inference, InferenceWork } from "../language/inference.js";
import type { ModelLog } from "../model-log.js";
import { type LoadingStep, RefusedRequest, type SimulatedModel } from "../simulated-model.js";

/** The differences between servers with OpenAI's interface: log and error bodies. */
export interface ServerTraits
  extends Pick<SimulatedModel, "closing" | "outOfMemory" | "crashed" | "answered" | "refusal"> {
  /** @param model name of the model. */
  loading(model: string): readonly LoadingStep[];
  /** Logs that a client disconnected before the end of its answer. */
  left(log: ModelLog, id: string): void;
  /** Whether requests that name another model are refused. */
  readonly isStrictAboutModel: boolean;
  /** The message about a request that exceeds the context length. */
  tooLong(excess: Excess): string;
  /** The series of its `/metrics`: name and value, with the labels that all have. */
  metrics(load: ServedLoad): readonly string[];
}

/** Tokens that the simulated cache of keys and values has room for. */
export const CACHE_TOKENS = 415_216;

/** The load of a model at this moment. */
export interface ServedLoad {
  readonly model: string;
  readonly waiting: number;
  readonly running: number;
  /** Share of the cache that is used, from 0 to 1. */
  readonly cacheUsage: number;
}

/** A request that exceeds the context length, in tokens. */
interface Excess {
  readonly limit: number;
  readonly prompt: number;
  readonly wanted: number;
}

interface ServedModelInput {
  readonly model: string;
  readonly inference: Inference;
  readonly traits: ServerTraits;
  readonly contextLength: number;
}

/** The loaded model, shared by all routes of a server. */
export class ServedModel {
  readonly model: string;
  readonly inference: Inference;
  readonly traits: ServerTraits;
  readonly #contextLength: number;

  constructor({ model, inference, traits, contextLength }: ServedModelInput) {
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
