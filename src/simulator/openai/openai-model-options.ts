/** Options of an {@link OpenaiModel}. */
export interface OpenaiModelOptions {
  /**
   * Name under which the model is served.
   * @default "simulated/llm-8b"
   */
  readonly model?: string;
  /**
   * Tokens per second of each request, however many run.
   * @default 50
   */
  readonly tokensPerSecond?: number;
  /**
   * Milliseconds until the first token of a request that runs.
   * @default 20
   */
  readonly firstTokenMs?: number;
  /**
   * How many requests run at once; the others wait, in order.
   * @default Infinity
   */
  readonly maxConcurrency?: number;
  /**
   * How much the time between two tokens varies, as a share of it: 0 never, 0.5 from half to one and a half.
   * @default 0.1
   */
  readonly jitter?: number;
  /**
   * Seed of texts and jitter. The same seed and request give the same text.
   * @default 1
   */
  readonly seed?: number;
}
