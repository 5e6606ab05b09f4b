/** Options of a {@link ModelSimulator}. */
export interface ModelSimulatorOptions {
  /**
   * Address to listen on.
   * @default "127.0.0.1"
   */
  readonly host?: string;
  /**
   * Port to listen on; 0: any free one.
   * @default 0
   */
  readonly port?: number;
  /** File that the log is appended to, line by line. Its folder must exist. Default: no log. */
  readonly logFile?: string;
  /** Told of every line of the log, in the file or not. */
  readonly onLogLine?: (line: string) => void;
  /**
   * Name under which the model is served.
   * @default "simulated/llm-8b"
   */
  readonly model?: string;
  /**
   * Seconds from start to "Application startup complete.".
   * @default 1
   */
  readonly loadSeconds?: number;
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

/** What a {@link ModelSimulator} has done since its start. */
export interface ModelSimulatorStats {
  /** Generation requests accepted, running and waiting ones included. */
  readonly requests: number;
  /** Requests that wait for one of `maxConcurrency` places. */
  readonly waiting: number;
  /** Requests that generate now. */
  readonly running: number;
  /** Requests answered to the end. */
  readonly completed: number;
  /** Requests whose client went away before the end, or that a crash ended. */
  readonly cancelled: number;
  /** Requests refused: bad input, or not ready. */
  readonly refused: number;
  /** Tokens generated. */
  readonly tokens: number;
}
