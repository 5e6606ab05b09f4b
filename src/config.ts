import { inspect } from "node:util";
import { z } from "zod";
import { TsworkerError } from "./errors.js";
import type { Payload } from "./wire.js";

/** Measures the model's capacity once, before the worker is ready. Exactly one handler has one. */
export interface BenchmarkConfig {
  /** Payloads to draw from at random. Either this or `generator`. */
  readonly dataset?: readonly Payload[];
  /** Makes a payload per request. Either this or `dataset`. */
  readonly generator?: () => Payload;
  /** Rounds to run; the best one counts. Integer of at least 1. @default 8 */
  readonly runs?: number;
  /** Requests at once in a round; a serial handler always runs 1. Integer of at least 1. @default 10 */
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
  /** Path on the worker and on the model server, such as `/v1/completions`. */
  readonly route: string;
  /**
   * `false` is a promise about the model: one request at a time, strictly first in, first out, over all serial
   * handlers of the worker together. `true` forwards at once.
   * @default false
   */
  readonly allowParallelRequests?: boolean;
  /** Requests that may run at once: between serial and unlimited. Integer of at least 1. */
  readonly concurrency?: number;
  /** Handlers that name the same queue share one FIFO and one limit. */
  readonly queue?: string;
  /**
   * Seconds: a new request is refused with 429 when the work ahead of it takes longer. `null` is no limit.
   * @default 30
   */
  readonly maxQueueTime?: number | null;
  /**
   * Cost of a request in units. Where it throws, or gives a negative or non-finite number, 100 counts.
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
   * (without its body) and the model's response.
   */
  readonly responseGenerator?: (request: Request, modelResponse: Response) => Response | Promise<Response>;
  /** Answers instead of a model server: its value becomes `{"result": …}`. The signal aborts when the client leaves. */
  readonly remoteFunction?: (payload: Payload, signal: AbortSignal) => unknown;
  readonly benchmarkConfig?: BenchmarkConfig;
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
  readonly handlers: readonly HandlerConfig[];
  readonly logActionConfig?: LogActionConfig;
  /** Sessions that may be open at once; `null` or 0 is no limit. @default 10 */
  readonly maxSessions?: number | null;
  /** Largest request body in bytes; a larger one is refused with 413. @default 268435456 (256 MiB) */
  readonly maxBodyBytes?: number;
  /** Seconds that admitted requests may go on after `stop()` or SIGTERM. @default 30 */
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

/** Name of the queue that serial handlers share unless they name another. */
export const SERIAL_QUEUE = "serial";

const func = <F>() => z.custom<F>((value) => typeof value === "function", "expected a function");
const count = z.int().min(1);
const payload = z.record(z.string(), z.unknown());
const milliseconds = z
  .number()
  .positive()
  .max(2 ** 31 - 1)
  .nullable();
const substrings = z.array(z.string().min(1)).default([]);

const benchmarkSchema = z
  .strictObject({
    dataset: z.array(payload).min(1).optional(),
    generator: func<() => Payload>().optional(),
    runs: count.default(8),
    concurrency: count.default(10),
    doWarmup: z.boolean().default(true),
  })
  .refine(({ dataset, generator }) => (dataset === undefined) !== (generator === undefined), {
    message: "expected either a dataset or a generator",
  });

const handlerSchema = z
  .strictObject({
    route: z
      .string()
      .regex(/^\/[^\s?#*:]*$/, 'expected a path that begins with "/" and has no "?", "#", "*" or ":"'),
    allowParallelRequests: z.boolean().optional(),
    concurrency: count.optional(),
    queue: z.string().min(1).optional(),
    maxQueueTime: z.number().nonnegative().nullable().default(30),
    workloadCalculator: func<(payload: Payload) => number>().optional(),
    requestParser: func<(payload: Payload) => Payload>().optional(),
    responseGenerator:
      func<(request: Request, response: Response) => Response | Promise<Response>>().optional(),
    remoteFunction: func<(payload: Payload, signal: AbortSignal) => unknown>().optional(),
    benchmarkConfig: benchmarkSchema.optional(),
    timeouts: z
      .strictObject({
        connectMs: milliseconds.default(10_000),
        headersMs: milliseconds.default(null),
        idleMs: milliseconds.default(null),
      })
      .prefault({}),
  })
  .refine(
    ({ allowParallelRequests, concurrency }) => allowParallelRequests !== false || (concurrency ?? 1) === 1,
    {
      path: ["concurrency"],
      message: "expected 1 or nothing where allowParallelRequests is false",
    },
  )
  .refine(({ remoteFunction, responseGenerator }) => !(remoteFunction && responseGenerator), {
    path: ["responseGenerator"],
    message: "expected none beside a remoteFunction, which makes the answer itself",
  });

const handlersSchema = z.array(handlerSchema).min(1);

const isHttpUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);

const configSchema = z.strictObject({
  modelServerUrl: z.string().refine(isHttpUrl, "expected a URL with http: or https:").optional(),
  modelServerPort: z.int().min(1).max(65535).optional(),
  modelLogFile: z.string().min(1).optional(),
  modelHealthcheckUrl: z
    .string()
    .refine(
      (text) => text.startsWith("/") || isHttpUrl(text),
      'expected a path that begins with "/", or an http: URL',
    )
    .optional(),
  handlers: handlersSchema,
  logActionConfig: z
    .strictObject({ onLoad: substrings, onError: substrings, onInfo: substrings })
    .prefault({}),
  maxSessions: z.int().nonnegative().nullable().default(10),
  maxBodyBytes: z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .default(256 * 1024 * 1024),
  drainTimeout: z.number().nonnegative().max(86_400).default(30),
});

type ParsedHandler = z.output<typeof handlerSchema>;

/** Queue name and limit of a handler, by the rules of `allowParallelRequests`, `concurrency` and `queue`. */
function placeOf({ route, allowParallelRequests, concurrency, queue }: ParsedHandler): {
  queue: string;
  limit: number;
} {
  const limit = concurrency ?? (allowParallelRequests ? Number.POSITIVE_INFINITY : 1);
  return { queue: queue ?? (limit === 1 ? SERIAL_QUEUE : route), limit };
}

interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const at = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
    "",
  ) || "config";

const valueAt = (root: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    root,
  );

const short = (value: unknown): string => {
  const text = inspect(value, {
    depth: 1,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 80,
    maxArrayLength: 5,
  });
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
};

/** zod says what came as a type; the value itself, which follows, says more. */
const expectation = (message: string): string =>
  message.replace(/^Invalid input: /, "").replace(/, received \w+$/, "");

/** What the handlers must agree on among themselves. */
function faultsBetween(handlers: readonly ParsedHandler[]): Fault[] {
  const faults: Fault[] = [];
  const routes = new Set<string>();
  const limits = new Map<string, number>();
  handlers.forEach((handler, index) => {
    if (routes.has(handler.route)) {
      faults.push({
        path: ["handlers", index, "route"],
        message: "expected a route that no other handler has",
      });
    }
    routes.add(handler.route);
    const { queue, limit } = placeOf(handler);
    if ((limits.get(queue) ?? limit) !== limit) {
      faults.push({
        path: ["handlers", index, "queue"],
        message: `expected the same concurrency as the other handlers of the queue "${queue}" (${limits.get(queue)})`,
      });
    }
    limits.set(queue, limit);
  });
  const benchmarked = handlers.filter(({ benchmarkConfig }) => benchmarkConfig !== undefined).length;
  if (benchmarked !== 1) {
    faults.push({
      path: ["handlers"],
      message: `expected exactly one handler with a benchmarkConfig, found ${benchmarked}`,
    });
  }
  return faults;
}

function faultsOfModel({
  modelServerUrl,
  modelLogFile,
  logActionConfig,
  handlers,
}: z.output<typeof configSchema>): Fault[] {
  const faults: Fault[] = [];
  if (modelServerUrl === undefined && handlers.some(({ remoteFunction }) => remoteFunction === undefined)) {
    faults.push({
      path: ["modelServerUrl"],
      message: "expected the model server's URL, because a handler has no remoteFunction",
    });
  }
  if (logActionConfig.onLoad.length > 0 && modelLogFile === undefined) {
    faults.push({ path: ["modelLogFile"], message: "expected the log file in which onLoad is looked for" });
  }
  return faults;
}

function serverOf(url: string | undefined, port: number | undefined): string | undefined {
  if (url === undefined) return undefined;
  const server = new URL(url);
  // `URL` hides a port that is the scheme's own, but one that is named counts.
  const namesPort = /^[^/]*\/\/[^/?#]*:\d+(?:[/?#]|$)/.test(url);
  if (!namesPort && port !== undefined) server.port = String(port);
  return `${server.origin}${server.pathname.replace(/\/+$/, "")}`;
}

/**
 * Checks a configuration and fills in the defaults.
 *
 * @throws TsworkerError `CONFIG_INVALID`, whose message lists all faults, each with its path, what was expected
 * and what came.
 */
export function checkConfig(config: WorkerConfig): CheckedConfig {
  const parsed = configSchema.safeParse(config);
  const handlersAlone = handlersSchema.safeParse(valueAt(config, ["handlers"]));
  const faults: Fault[] = [
    ...(parsed.error?.issues.map(({ path, message }) => ({ path, message: expectation(message) })) ?? []),
    ...(handlersAlone.success ? faultsBetween(handlersAlone.data) : []),
    ...(parsed.success ? faultsOfModel(parsed.data) : []),
  ];
  if (!parsed.success || faults.length > 0) {
    const lines = faults.map(
      ({ path, message }) => `  ${at(path)}: ${message}, got ${short(valueAt(config, path))}`,
    );
    throw new TsworkerError(
      "CONFIG_INVALID",
      `the worker's configuration has ${faults.length} fault(s):\n${lines.join("\n")}`,
    );
  }
  const { data } = parsed;
  const handlers = data.handlers.map((handler) => ({
    ...handler,
    ...placeOf(handler),
  })) as readonly Handler[];
  return {
    ...(data as WorkerConfig),
    modelServer: serverOf(data.modelServerUrl, data.modelServerPort),
    handlers,
    benchmark: benchmarkOf(handlers),
    logActionConfig: data.logActionConfig,
    maxSessions: data.maxSessions,
    maxBodyBytes: data.maxBodyBytes,
    drainTimeout: data.drainTimeout,
  };
}

function benchmarkOf(handlers: readonly Handler[]): Benchmark {
  const handler = handlers.find(({ benchmarkConfig }) => benchmarkConfig !== undefined);
  if (handler?.benchmarkConfig === undefined)
    throw new Error("checked above: one handler has a benchmarkConfig");
  const { dataset = [], generator, runs = 8, concurrency = 10, doWarmup = true } = handler.benchmarkConfig;
  return {
    handler,
    payload: generator ?? (() => dataset[Math.floor(Math.random() * dataset.length)] ?? {}),
    runs,
    concurrency: Math.min(concurrency, handler.limit),
    doWarmup,
  };
}
