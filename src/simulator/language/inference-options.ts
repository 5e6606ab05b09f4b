/** The pace of a simulated language model. */
export interface InferenceOptions {
  /**
   * Tokens per second of a request, as long as the batch is not at its limit.
   * @default 400
   */
  readonly tokensPerSecond?: number;
  /**
   * Tokens per second of all requests together, at most: from there on they share.
   * @default 30000
   */
  readonly batchTokensPerSecond?: number;
  /**
   * Tokens of a prompt that are read per second, before the first token is made.
   * @default 20000
   */
  readonly prefillTokensPerSecond?: number;
  /**
   * Milliseconds that pass before a request's first token in any case.
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
