import type { Payload } from "./wire.js";

/**
 * Measures the model's capacity once, before the worker is ready. Exactly one handler has one. The result is kept in
 * the file `.has_benchmark` in the working directory, and a later start takes it from there.
 */
export interface BenchmarkConfig {
  /** Payloads to draw from at random. Either this or `generator`. */
  readonly dataset?: readonly Payload[];
  /** Makes a payload per request. Either this or `dataset`. */
  readonly generator?: () => Payload;
  /** Rounds to run; the best one counts. Integer of at least 1. @default 8 */
  readonly runs?: number;
  /** Requests at once in a round; at most as many as the handler lets run. Integer of at least 1. @default 10 */
  readonly concurrency?: number;
  /** Sends one request before the first round, whose time does not count. @default true */
  readonly doWarmup?: boolean;
}

/** Limits on how long the model may take, in milliseconds; `null` is no limit. */
export interface TimeoutsConfig {
  /** Until the connection to the model server stands. @default 10000 */
  readonly connectMs?: number | null;
  /** From the request to the first byte of the answer. @default null */
  readonly headersMs?: number | null;
  /** Between two pieces of the answer. @default null */
  readonly idleMs?: number | null;
}

/** One route of the worker. */
export interface HandlerConfig {
  /** Path on the worker and on the model server, such as `/v1/completions`; without `?`, `#`, `*` and `:`. */
  readonly route: string;
  /**
   * `false` is a promise about the model: one request at a time, strictly first in, first out, over all serial
   * handlers of the worker together. `true` forwards at once.
   * @default false
   */
  readonly allowParallelRequests?: boolean;
  /**
   * Requests that may run at once: between serial and unlimited. Integer of at least 1.
   * @default 1, or unlimited with `allowParallelRequests`
   */
  readonly concurrency?: number;
  /**
   * Handlers that name the same queue share one FIFO and one limit.
   * @default the queue of all serial handlers where one may run at once, the handler's own otherwise
   */
  readonly queue?: string;
  /**
   * Seconds: a new request is refused with 429 when the work ahead of it takes longer. `null` is no limit.
   * @default 30
   */
  readonly maxQueueTime?: number | null;
  /**
   * Cost of a request in units. Where it throws, or gives no number from 0 to 10^12, 100 counts.
   * @default () => 100
   */
  readonly workloadCalculator?: (payload: Payload) => number;
  /**
   * Checks or changes the payload before it goes on; throw a `PayloadError` to refuse it with 422. A payload
   * that passes through it is serialized anew; without it, the client's own bytes go to the model.
   */
  readonly requestParser?: (payload: Payload) => Payload;
  /**
   * Makes the answer from the model's. It gets fetch-standard objects: the request as it was sent to the worker
   * (without its body) and the model's response. Not beside a `remoteFunction`.
   */
  readonly responseGenerator?: (request: Request, modelResponse: Response) => Response | Promise<Response>;
  /** Answers instead of a model server: its value becomes `{"result": …}`. The signal aborts when the client leaves. */
  readonly remoteFunction?: (payload: Payload, signal: AbortSignal) => unknown;
  /** How the model's capacity is measured; at exactly one handler. */
  readonly benchmarkConfig?: BenchmarkConfig;
  /** Limits on how long the model may take. */
  readonly timeouts?: TimeoutsConfig;
}

/** Substrings to look for in each line of the model's log. */
export interface LogActionConfig {
  /** The model has loaded: starts the benchmark, or leads an errored worker back. */
  readonly onLoad?: readonly string[];
  /** The model failed: the worker is errored, with the substring as its message. */
  readonly onError?: readonly string[];
  /** Worth a line in the worker's own log. */
  readonly onInfo?: readonly string[];
}

/**
 * What a `worker.ts` says about its model server.
 *
 * @example
 * ```ts
 * const config: WorkerConfig = {
 *   modelServerUrl: "http://127.0.0.1",
 *   modelServerPort: 18000,
 *   modelLogFile: "/var/log/model/server.log",
 *   handlers: [{ route: "/v1/completions", benchmarkConfig: { generator: () => ({ prompt: "hello" }) } }],
 *   logActionConfig: { onLoad: ["Application startup complete."] },
 * };
 * ```
 */
export interface WorkerConfig {
  /** Base URL of the model server, `http:` or `https:`. Needless where every handler has a `remoteFunction`. */
  readonly modelServerUrl?: string;
  /** Port of the model server, where the URL names none. */
  readonly modelServerPort?: number;
  /** Log file of the model server; it need not exist yet, and may be rotated or truncated. */
  readonly modelLogFile?: string;
  /** Health URL: a path on the model server, or an absolute URL. Default: `MODEL_HEALTH_ENDPOINT`. */
  readonly modelHealthcheckUrl?: string;
  /** The routes; at least one. */
  readonly handlers: readonly HandlerConfig[];
  /** What to look for in the model's log. @default nothing */
  readonly logActionConfig?: LogActionConfig;
  /** Sessions that may be open at once; `null` or 0 is no limit. No effect yet: sessions are not there. @default 10 */
  readonly maxSessions?: number | null;
  /** Largest request body in bytes, below 2 GiB; a larger one is refused with 413. @default 268435456 (256 MiB) */
  readonly maxBodyBytes?: number;
  /** Seconds that admitted requests may go on after `stop()`, SIGTERM or SIGINT; at most a day. @default 30 */
  readonly drainTimeout?: number;
}

/** A handler with its defaults filled in. */
export interface Handler extends HandlerConfig {
  readonly maxQueueTime: number | null;
  readonly timeouts: Required<TimeoutsConfig>;
  /** Name of its queue. */
  readonly queue: string;
  /** Requests that may run at once in its queue. */
  readonly limit: number;
}

/** A benchmark with its defaults filled in. */
export interface Benchmark {
  readonly handler: Handler;
  readonly payload: () => Payload;
  readonly runs: number;
  readonly concurrency: number;
  readonly doWarmup: boolean;
}

/** A checked configuration with its defaults filled in. */
export interface CheckedConfig extends WorkerConfig {
  /** Origin and base path of the model server, without a trailing slash; undefined without a model server. */
  readonly modelServer: string | undefined;
  readonly handlers: readonly Handler[];
  readonly benchmark: Benchmark;
  readonly logActionConfig: Required<LogActionConfig>;
  readonly maxSessions: number | null;
  readonly maxBodyBytes: number;
  readonly drainTimeout: number;
}
