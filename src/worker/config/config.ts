import type { Payload } from "../../shared/wire.js";

/**
 * Measures the model's capacity once, before the worker is ready. Exactly one handler has one. The result is kept in
 * the file `.has_benchmark` in the working directory (`BENCHMARK_FILE`), and a later start takes it from there, unless the
 * routes, their limits, this configuration or the model server's URL have changed.
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

/**
 * Limits on how long the model, or a `remoteFunction`, may take, in milliseconds; `null` is no limit. What exceeds one is
 * cancelled at the model, answered 504 where the answer has not begun and broken off otherwise, and counted as an error.
 * None of them runs while a request waits in its queue, and only `totalMs` while the client does not read.
 */
export interface TimeoutsConfig {
  /** Until the connection to the model server stands; exceeded, the answer is 502. @default 10000 */
  readonly connectMs?: number | null;
  /** From the request to the first byte of the answer. @default null */
  readonly headersMs?: number | null;
  /** Between two pieces of the answer. @default null */
  readonly idleMs?: number | null;
  /** From the request's turn to the end of its answer. @default null */
  readonly totalMs?: number | null;
}

/** A payload field that holds a file. */
export interface FileFieldConfig {
  /** Extensions that a file's name may have: lower case, without the dot. At least one. */
  readonly extensions: readonly string[];
  /** Name of a file for which the payload gives none; its extension must be an allowed one. */
  readonly defaultFilename: string;
  /** Payload field that gives the file's name; it does not go to the model. @default none: `defaultFilename` always */
  readonly filenameField?: string | undefined;
  /**
   * Name of each part where the field holds a list, such as the field's own name for servers that take it repeatedly.
   * @default the field's name with `[]` behind it
   */
  readonly listName?: string | undefined;
}

/**
 * Sends the payload to the model as `multipart/form-data`: the named fields as files, all others as text.
 *
 * @example
 * ```ts
 * multipart: {
 *   files: { file: { extensions: ["wav", "mp3"], defaultFilename: "audio.wav", filenameField: "filename" } },
 * }
 * ```
 */
export interface MultipartConfig {
  /**
   * The fields that hold files, by name: base64 text or a `data:` URL, bytes in a msgpack envelope, or a list of those,
   * which goes on under the field's name with `[]` behind it, or its `listName`. At least one field.
   */
  readonly files: Readonly<Record<string, FileFieldConfig>>;
  /** Largest file in bytes, decoded. Integer of at least 1. @default 26214400 (25 MiB) */
  readonly maxFileBytes?: number;
  /** Largest sum of all files of a request in bytes, decoded. Integer of at least 1. @default 67108864 (64 MiB) */
  readonly maxTotalBytes?: number;
  /** Most files of a request. Integer of at least 1. @default 16 */
  readonly maxFiles?: number;
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
   * Cost of a request in units, from its payload as the `requestParser` left it. Where it throws, or gives no number from 0 to 10^12, 100 counts.
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
  /**
   * Answers instead of a model server. Its value, or the one it promises, becomes `{"result": …}`; an async generator
   * streams what it yields, a line of JSON each (`application/x-ndjson`). The signal aborts when the client leaves or the
   * request is ended otherwise.
   */
  readonly remoteFunction?: (payload: Payload, signal: AbortSignal) => unknown;
  /** Sends the payload to the model as `multipart/form-data`. Not beside a `remoteFunction` or `websocket`. */
  readonly multipart?: MultipartConfig;
  /**
   * Clients connect to the route with a WebSocket, and frames flow both ways between them and the same path on the model
   * server. Not beside a `remoteFunction`, `responseGenerator`, `multipart`, `benchmarkConfig` or `sseKeepAliveMs`.
   * @default false
   */
  readonly websocket?: boolean;
  /**
   * What of the query in the client's URL goes to the model: `true` all parameters, `false` none, a list those that it
   * names. `api_key` and `envelope` never do. Longer than 8 KiB it is refused with 414. Not beside a `remoteFunction`.
   * @default true
   */
  readonly forwardQuery?: boolean | readonly string[];
  /**
   * Milliseconds of silence after which a client that asked for a stream (`stream: true` in the payload, or the header
   * `accept: text/event-stream`) gets a comment: while it waits for its turn and for the first token, and in gaps. The first
   * comment takes the head of the answer with it, so that a failure after it is an event. Integer from 10 to 2147483647;
   * null: no comments. Not beside a `remoteFunction` or `websocket`.
   * @default null
   */
  readonly sseKeepAliveMs?: number | null;
  /** How the model's capacity is measured; at exactly one handler. */
  readonly benchmarkConfig?: BenchmarkConfig;
  /** Limits on how long the model may take. */
  readonly timeouts?: TimeoutsConfig;
}

/** A route that anybody may GET: it needs no signature, waits in no queue and is not reported. */
export interface OpenRouteConfig {
  /** Path on the worker, and on the model server where the question is passed on; written as a handler's. */
  readonly route: string;
  /**
   * The answer, as plain text. Default: that of the model server to a GET of the same path, without its query; however many
   * ask at once, the model is asked by one at a time. It may take 10 s and have 1 MiB.
   */
  readonly text?: string | undefined;
}

/**
 * What to look for in a line of the model's log: a substring, or a regular expression, which sees the first 2048 characters of
 * a line and must not be one that can take very long on some lines, such as `/(a+)+$/`.
 */
export type LogPattern = string | RegExp;

/**
 * What to look for in each line of the model's log.
 *
 * @example
 * ```ts
 * // A text that a client sent and the model server logs begins and ends otherwise.
 * const logActionConfig: LogActionConfig = {
 *   onLoad: [/^INFO:     Application startup complete\.$/],
 *   onError: [/^Traceback \(most recent call last\):$/],
 * };
 * ```
 */
export interface LogActionConfig {
  /** The model has loaded: starts the benchmark, or leads an errored worker back. */
  readonly onLoad?: readonly LogPattern[];
  /** The model failed: the worker is errored. */
  readonly onError?: readonly LogPattern[];
  /** Worth a line in the worker's own log. */
  readonly onInfo?: readonly LogPattern[];
}

/** How often the model's health URL is asked, and what counts as a failure of it. */
export interface HealthcheckConfig {
  /**
   * Milliseconds between two questions, once the model has loaded; before that it is one second. At least 10, at most 24
   * days. @default 10000
   */
  readonly intervalMs?: number;
  /** Milliseconds that an answer may take. At least 10, at most 24 days. @default 10000 */
  readonly timeoutMs?: number;
  /**
   * Failures in a row after which the model counts as unhealthy. A refused connection counts at once, unless the model is
   * sending answers; a time-out while it does is no failure. Integer of at least 1. @default 3
   */
  readonly failureThreshold?: number;
}

/**
 * What starts and stops with the worker, instead of a model server that somebody else starts.
 *
 * @example
 * ```ts
 * let pipeline: Pipeline | undefined;
 * const lifecycle: LifecycleConfig = {
 *   start: async () => {
 *     pipeline = await loadPipeline();
 *   },
 *   stop: () => pipeline?.dispose(),
 * };
 * ```
 */
export interface LifecycleConfig {
  /**
   * Called once the worker listens. Its end means that the model has loaded, unless `readiness` says otherwise; where it
   * throws, the worker is errored and calls it again after 10 s. The signal aborts when the worker stops meanwhile.
   */
  readonly start?: ((signal: AbortSignal) => unknown) | undefined;
  /**
   * Called once when the worker has stopped, whatever the reason; at most 10 s are waited for it, and no longer when a
   * second signal comes.
   */
  readonly stop?: (() => unknown) | undefined;
}

/**
 * The inspector: a page that shows what the worker's machines and queues are doing.
 *
 * @example
 * ```ts
 * const inspect: InspectConfig = { host: "0.0.0.0", port: 3002, token: process.env.PAGE_TOKEN };
 * ```
 */
export interface InspectConfig {
  /** Port of the page. Default: the one of the second server. */
  readonly port?: number | undefined;
  /** Address that the page's server listens on. Default: the one of the second server, which is loopback. */
  readonly host?: string | undefined;
  /** What whoever looks must know; required where `host` is no loopback address. Default: `INSPECT_TOKEN`. */
  readonly token?: string | undefined;
  /**
   * Records that are kept of the worker's lifecycle, and as many again of requests and sessions, so that a page that is opened
   * late sees the past. Integer from 1 to 100,000. @default 5000
   */
  readonly events?: number | undefined;
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
  /**
   * Base URL of the model server, `http:` or `https:`. A user and a password in it, percent-encoded, are sent as basic authentication.
   * Needless where every handler has a `remoteFunction`.
   */
  readonly modelServerUrl?: string;
  /** Port of the model server, where the URL names none. */
  readonly modelServerPort?: number;
  /**
   * Headers of every request to the model server, such as `{ "x-api-key": "…" }`: forwarded requests, health URL, benchmark, open
   * routes, WebSockets, and `on_close_route` where that is on the model server. They go nowhere else, and their values are redacted in
   * log, inspector and error messages. An `authorization` here takes precedence over a user and password in `modelServerUrl`, and
   * those over `MODEL_API_KEY`. @default none
   */
  readonly modelHeaders?: Readonly<Record<string, string>>;
  /**
   * Connections to the model server at once, over all routes. Where that many are in use, requests whose turn has come wait for
   * one, first in, first out; that time counts towards `headersMs` and `totalMs`. Meant for servers with a fixed number of
   * threads; how many requests run is what `concurrency` is for. WebSockets do not count. `null` is no limit. Integer of at
   * least 1. @default null
   */
  readonly maxConnections?: number | null;
  /** Log file of the model server; it need not exist yet, and may be rotated or truncated. */
  readonly modelLogFile?: string;
  /** Health URL: a path on the model server, or an absolute URL. Default: `MODEL_HEALTH_ENDPOINT`. */
  readonly modelHealthcheckUrl?: string;
  /** How the health URL is asked. */
  readonly healthcheck?: HealthcheckConfig;
  /** The routes; at least one. */
  readonly handlers: readonly HandlerConfig[];
  /** Routes that anybody may GET without a signature, such as a `/ping`. @default none */
  readonly openRoutes?: readonly OpenRouteConfig[];
  /** What to look for in the model's log. @default nothing */
  readonly logActionConfig?: LogActionConfig;
  /**
   * What tells that the model has loaded, which starts the benchmark: an `onLoad` line of its log, the first 200 of its
   * health URL, or whichever comes first. Where a `lifecycle` is given and nothing else is said, the end of its `start()`.
   * @default "log" where there are `modelLogFile` and `onLoad` lines, "health" where there is a health URL; where every
   * handler has a `remoteFunction` and there is neither, nothing is waited for
   */
  readonly readiness?: "log" | "health" | "either";
  /**
   * Seconds that the model may take to load, and then to accept connections; after that the worker is errored and says
   * what it waited for. At most 24 days. @default 1800 (30 minutes)
   */
  readonly startTimeout?: number;
  /** Starts and stops the model, or whatever the handlers need. */
  readonly lifecycle?: LifecycleConfig;
  /** Sessions that may be open at once; `null` or 0 is no limit. One more is refused with 429. @default 10 */
  readonly maxSessions?: number | null;
  /**
   * Hosts that a session's `on_close_route` may name besides the model server's and loopback, such as `hooks.example.com` or,
   * for one port only, `hooks.example.com:8443`. Others are refused with 422. @default none
   */
  readonly sessionCallbackHosts?: readonly string[];
  /** Refuses (401) requests that were signed for the URL of another worker. @default false */
  readonly requireOwnUrl?: boolean;
  /**
   * Refuses (409) a request whose `reqnum` and `request_idx` came before, among the last 100,000 that were admitted, unless
   * that one ended with a 5xx. Requests inside a session, which all carry the session's own, are left alone. @default false
   */
  readonly replayProtection?: boolean;
  /**
   * Largest request body in bytes, below 2 GiB; a larger one is refused with 413. Also the largest message of a WebSocket, in
   * both directions; with uWebSockets.js one of the client has at most 16 MiB. @default 268435456 (256 MiB)
   */
  readonly maxBodyBytes?: number;
  /**
   * Bytes that are kept, of all requests together, of bodies whose sender is not known yet because `auth_data` comes after
   * the payload. What has no room is refused with 503. As much again may be kept of the first messages of WebSockets.
   * @default 67108864 (64 MiB)
   */
  readonly maxUnverifiedBytes?: number;
  /**
   * Adds `X-Accel-Buffering: no` and `Cache-Control: no-cache` to streams that lack them, so that proxies do not hold them
   * back: server-sent events, lines of JSON, and whatever has `stream` in its content type. @default true
   */
  readonly streamHeaders?: boolean;
  /**
   * Origins whose pages may call the worker from a browser, such as `https://app.example.com`; `"*"` is any.
   * @default none
   */
  readonly cors?: readonly string[];
  /** Seconds that admitted requests may go on after `stop()`, SIGTERM or SIGINT; at most a day. @default 30 */
  readonly drainTimeout?: number;
  /** A page at `/inspect` that shows what the worker is doing; `true` for the defaults. @default false */
  readonly inspect?: boolean | InspectConfig;
}

/** A handler with its defaults filled in. */
export interface Handler extends HandlerConfig {
  readonly maxQueueTime: number | null;
  readonly timeouts: Required<TimeoutsConfig>;
  readonly forwardQuery: boolean | readonly string[];
  readonly sseKeepAliveMs: number | null;
  readonly multipart?: Required<MultipartConfig>;
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
  readonly modelHeaders: Readonly<Record<string, string>>;
  readonly maxConnections: number | null;
  readonly handlers: readonly Handler[];
  readonly benchmark: Benchmark;
  readonly openRoutes: readonly OpenRouteConfig[];
  readonly logActionConfig: Required<LogActionConfig>;
  readonly healthcheck: Required<HealthcheckConfig>;
  readonly startTimeout: number;
  readonly maxSessions: number | null;
  readonly sessionCallbackHosts: readonly string[];
  readonly requireOwnUrl: boolean;
  readonly replayProtection: boolean;
  readonly maxBodyBytes: number;
  readonly maxUnverifiedBytes: number;
  readonly streamHeaders: boolean;
  readonly cors: readonly string[];
  readonly drainTimeout: number;
  readonly inspect: boolean | InspectConfig;
}
