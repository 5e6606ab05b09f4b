import type { InferenceOptions } from "../language/inference-options.js";

/** Options of a {@link TgiModel}. */
export interface TgiModelOptions extends InferenceOptions {
  /**
   * Name of the model.
   * @default "simulated/llm-8b"
   */
  readonly model?: string;
  /**
   * Tokens that a prompt may have; a longer one is refused.
   * @default 4095
   */
  readonly maxInputTokens?: number;
  /**
   * Tokens of prompt and answer together; a request for more is refused.
   * @default 4096
   */
  readonly maxTotalTokens?: number;
}
