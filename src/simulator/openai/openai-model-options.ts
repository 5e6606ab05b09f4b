import type { InferenceOptions } from "../language/inference-options.js";

/** Options of an {@link OpenaiModel}. */
export interface OpenaiModelOptions extends InferenceOptions {
  /**
   * Name under which the model is served.
   * @default "simulated/llm-8b"
   */
  readonly model?: string;
  /**
   * Tokens of prompt and answer together; a request for more is refused.
   * @default Infinity
   */
  readonly contextLength?: number;
}
