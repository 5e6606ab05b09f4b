import type { AccessConfig } from "./access-config.js";
import type { HandlerConfig } from "./handler-config.js";

/**
 * A route for unauthenticated requests: it needs no signature, is not queued and not reported.
 *
 * @example
 * ```ts
 * const openRoutes: readonly OpenRouteConfig[] = [
 *   { route: "/ping", text: "pong" },
 *   { route: "/healthcheck" },
 *   { route: "/jobs", method: "POST", respond: async (request) => Response.json(await request.json(), { status: 201 }) },
 * ];
 * ```
 */
export interface OpenRouteConfig {
  /** Path on the worker; same rules as a handler's. Several open routes may share it if their methods differ. */
  readonly route: string;
  /**
   * HTTP method in capitals, such as `POST`; `GET` includes HEAD, and `*` is every method. One other than `GET` needs a `text`
   * or `respond`. @default GET
   */
  readonly method?: string | undefined;
  /**
   * The response, as plain text. Without it and without `respond`, the response is that of the model server to a GET, without
   * the query; however many requests come at once, one at a time is sent to the model. It may take 10 s and have 1 MiB.
   */
  readonly text?: string | undefined;
  /**
   * Makes the response. It receives a fetch-standard `Request` with headers, query and body, whose `signal` aborts when the
   * client disconnects. It is called for every client that reaches the port: it must check itself who may call it.
   */
  readonly respond?: ((request: Request) => Response | Promise<Response>) | undefined;
  /** Path on the model server if the request is forwarded; without `?` and `#`. @default the same as `route` */
  readonly modelRoute?: string | undefined;
  /** Largest request body in bytes, below 2 GiB; a larger one is refused with 413. @default 1048576 (1 MiB) */
  readonly maxBodyBytes?: number | undefined;
}

/**
 * Pattern for a line of the model's log: a substring, or a regular expression, which sees the first 2048 characters of
 * a line and must not be one with exponential or high polynomial time, such as `/(a+)+$/`.
 *
 * @example
 * ```ts
 * const started: LogPattern = /^INFO:     Application startup complete\.$/;
 * ```
 */
export type LogPattern = string | RegExp;

/**
 * Patterns for each line of the model's log.
 *
 * @example
 * ```ts
 * // Anchored, because the model server may log texts that clients send.
 * const logActionConfig: LogActionConfig = {
 *   onLoad: [/^INFO:     Application startup complete\.$/],
 *   onError: [/^Traceback \(most recent call last\):$/],
 * };
 * ```
 */
export interface LogActionConfig {
  /** The model has loaded: starts the benchmark, or recovers an errored worker. */
  readonly onLoad?: readonly LogPattern[] | undefined;
  /** The model failed: the worker is errored. */
  readonly onError?: readonly LogPattern[] | undefined;
  /** Lines to copy into the worker's own log. */
  readonly onInfo?: readonly LogPattern[] | undefined;
}

/**
 * How often the model's health URL is requested, and what counts as a failure of it.
 *
 * @example
 * ```ts
 * // Requests may keep a model with one thread busy for two minutes.
 * const healthcheck: HealthcheckConfig = { intervalMs: 10_000, timeoutMs: 10_000, failureThreshold: 9 };
 * ```
 */
export interface HealthcheckConfig {
  /**
   * Milliseconds from a response to the next request, once the model has loaded; before that it is one second. At least 10,
   * at most 24 days. @default 10000
   */
  readonly intervalMs?: number | undefined;
  /** Time limit of a response in milliseconds. At least 10, at most 24 days. @default 10000 */
  readonly timeoutMs?: number | undefined;
  /**
   * Failures in a row after which the model counts as unhealthy. A refused connection counts at once, unless the model is
   * sending responses; a time-out while it does is no failure. Integer of at least 1. @default 3
   */
  readonly failureThreshold?: number | undefined;
}

/**
 * Functions that run when the worker starts and stops, for a model that is not started by another program.
 *
 * @example
 * ```ts
 * import { type ChildProcess, spawn } from "node:child_process";
 *
 * let model: ChildProcess | undefined;
 * const lifecycle: LifecycleConfig = {
 *   start: () => {
 *     model = spawn("my-model-server", ["--port", "18000"]);
 *   },
 *   stop: () => model?.kill(),
 * };
 * ```
 */
export interface LifecycleConfig {
  /**
   * Called once the worker listens. When it returns, the model has loaded, unless `readiness` names another condition. If it
   * throws, the worker is errored and calls it again after 10 s. The signal aborts when the worker stops meanwhile.
   */
  readonly start?: ((signal: AbortSignal) => unknown) | undefined;
  /**
   * Called once when the worker has stopped, for any reason. It receives the error with which the worker failed, or that the
   * worker was in when it was stopped, such as a failed benchmark; undefined after an ordinary stop. The worker waits at most
   * 10 s for it, and no longer after a second signal.
   */
  readonly stop?: ((error: Error | undefined) => unknown) | undefined;
}

/**
 * The inspector: a page that shows the state of the worker's machines and queues.
 *
 * @example
 * ```ts
 * const inspect: InspectConfig = { host: "0.0.0.0", port: 3002, token: process.env.PAGE_TOKEN };
 * ```
 */
export interface InspectConfig {
  /** Port of the page. Default: that of the second server. */
  readonly port?: number | undefined;
  /** Address that the page's server listens on. Default: that of the second server, which is loopback. */
  readonly host?: string | undefined;
  /** Secret that opens the page; required if `host` is no loopback address. Default: `INSPECT_TOKEN`. */
  readonly token?: string | undefined;
  /**
   * Records of the worker's lifecycle to keep, and as many again of requests and sessions, so that a page that is opened
   * late shows the past. Integer from 1 to 100,000. @default 5000
   */
  readonly events?: number | undefined;
}

/**
 * Metrics beyond those that every worker has.
 *
 * @example
 * ```ts
 * const metrics: MetricsConfig = { endpointPicker: true };
 * ```
 */
export interface MetricsConfig {
  /**
   * The metrics that the endpoint picker of the Gateway API Inference Extension reads, under vLLM's names: in `/metrics` of the
   * second port, and alone at `GET /metrics` of the public port, without a signature or a key. Default: `ENDPOINT_PICKER_METRICS`.
   */
  readonly endpointPicker?: boolean | undefined;
  /**
   * Path of the model server's metrics, from which those for the picker take the use of the cache, LoRA adapters and the model
   * server's own queue; `null`: they are not read. It is requested twice a second at most, while the picker asks. @default /metrics
   */
  readonly modelMetrics?: string | null | undefined;
}

/**
 * The configuration of a worker: its model server, its routes and its limits. `null` is the same as leaving an option out
 * where the Python worker takes `None`.
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
  /** Who may call the handlers, and in which form. @default { mode: "signature" }, or the mode of `ACCESS_MODE` */
  readonly access?: AccessConfig | undefined;
  /**
   * Base URL of the model server, `http:` or `https:`. A user and a password in it, percent-encoded, are sent as basic authentication.
   * Not required if every handler has a `remoteFunction`.
   */
  readonly modelServerUrl?: string | null | undefined;
  /** Port of the model server, if the URL has none. */
  readonly modelServerPort?: number | null | undefined;
  /**
   * Headers of every request to the model server, such as `{ "x-api-key": "…" }`: forwarded requests, health URL, benchmark, open
   * routes, WebSockets, and `on_close_route` if that is on the model server. They are sent to no other server, and their values are
   * redacted in log, inspector and error messages. An `authorization` here takes precedence over a user and password in
   * `modelServerUrl`, and those over `MODEL_API_KEY`. @default none
   */
  readonly modelHeaders?: Readonly<Record<string, string>> | undefined;
  /**
   * Concurrent connections to the model server, over all routes. When all are in use, requests that have left their queue wait for
   * one, first in, first out; that time counts towards `headersMs` and `totalMs`. Intended for servers with a fixed number of
   * threads; to limit running requests, set `concurrency`. WebSockets do not count. `null` is no limit. Integer of at
   * least 1. @default null
   */
  readonly maxConnections?: number | null | undefined;
  /** Log file of the model server; it need not exist yet, and may be rotated or truncated. */
  readonly modelLogFile?: string | null | undefined;
  /** Health URL: a path on the model server, or an absolute URL. Default: `MODEL_HEALTH_ENDPOINT`. */
  readonly modelHealthcheckUrl?: string | null | undefined;
  /** How the health URL is requested. */
  readonly healthcheck?: HealthcheckConfig | undefined;
  /** Address that the public server listens on. Default: `WORKER_HOST`, which is all addresses of the machine. */
  readonly host?: string | null | undefined;
  /**
   * Connections that may wait to be accepted on the public port; the system's limit (`net.core.somaxconn`) counts, too.
   * uWebSockets.js has 512 and no other: with another number `node:http` serves. Integer from 1 to 65535. Default:
   * `WORKER_BACKLOG`, which is that of the server: 512, or 511 with `node:http`.
   */
  readonly backlog?: number | null | undefined;
  /** The routes; at least one. */
  readonly handlers: readonly HandlerConfig[];
  /** Routes without a signature, such as a `/ping`. @default none */
  readonly openRoutes?: readonly OpenRouteConfig[] | undefined;
  /** Patterns for lines of the model's log. @default nothing */
  readonly logActionConfig?: LogActionConfig | undefined;
  /**
   * Which event means that the model has loaded, and starts the benchmark: an `onLoad` line of its log, the first 200 of its
   * health URL, or the earlier of the two. With a `lifecycle.start` and without this option: its return.
   * @default "log" with `modelLogFile` and `onLoad` lines, "health" with a health URL; if every
   * handler has a `remoteFunction` and there is neither, the worker does not wait
   */
  readonly readiness?: "log" | "health" | "either" | undefined;
  /**
   * Seconds that the model may take to load, and then to accept connections; after that the worker is errored, and its message
   * names what it waited for. At most 24 days. @default 1800 (30 minutes)
   */
  readonly startTimeout?: number | undefined;
  /** Starts and stops the model, or whatever the handlers need. */
  readonly lifecycle?: LifecycleConfig | null | undefined;
  /** Sessions that may be open at once; `null` or 0 is no limit. One more is refused with 429. @default 10 */
  readonly maxSessions?: number | null | undefined;
  /**
   * Allowed hosts of a session's `on_close_route`, besides the model server's and loopback, such as `hooks.example.com` or,
   * for one port only, `hooks.example.com:8443`. Others are refused with 422. @default none
   */
  readonly sessionCallbackHosts?: readonly string[] | undefined;
  /** Refuses (401) requests that were signed for the URL of another worker. @default false */
  readonly requireOwnUrl?: boolean | undefined;
  /**
   * Refuses (409) a request with the `reqnum` and `request_idx` of one of the last 100,000 admitted requests, unless
   * that one ended with a 5xx. Requests inside a session, which all carry the session's own, are not checked. @default false
   */
  readonly replayProtection?: boolean | undefined;
  /**
   * Largest request body in bytes, below 2 GiB; a larger one is refused with 413. Also the largest message of a WebSocket, in
   * both directions; with uWebSockets.js a client's message has at most 16 MiB. @default 268435456 (256 MiB)
   */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Bytes to buffer, over all requests together, of bodies whose sender is not verified yet because `auth_data` comes after
   * the payload. A body that exceeds it is refused with 503. As much again may be buffered of the first messages of WebSockets,
   * and of bodies for open routes with `respond`, until their requests end.
   * @default 67108864 (64 MiB)
   */
  readonly maxUnverifiedBytes?: number | undefined;
  /**
   * Adds `X-Accel-Buffering: no` and `Cache-Control: no-cache` to streams that lack them, so that proxies do not buffer
   * them: server-sent events, lines of JSON, and every content type with `stream` in it. @default true
   */
  readonly streamHeaders?: boolean | undefined;
  /**
   * Origins whose pages may call the worker from a browser, such as `https://app.example.com`; `"*"` is any.
   * @default none
   */
  readonly cors?: readonly string[] | undefined;
  /** Seconds that admitted requests may continue after `stop()`, SIGTERM or SIGINT; at most a day. @default 30 */
  readonly drainTimeout?: number | undefined;
  /** Metrics beyond those that every worker has. @default none */
  readonly metrics?: MetricsConfig | undefined;
  /** A page at `/inspect` that shows the worker's state; `true` for the defaults. @default false */
  readonly inspect?: boolean | InspectConfig | undefined;
}
