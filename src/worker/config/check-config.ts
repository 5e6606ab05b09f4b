import { extname } from "node:path";
import { z } from "zod";
import { originSchema } from "../../shared/cors.js";
import { formatErrors, TsworkerError } from "../../shared/errors.js";
import { isHttpUrl } from "../../shared/url.js";
import type { Payload } from "../../shared/wire.js";
import type { Benchmark, CheckedConfig, Handler, LogPattern, WorkerConfig } from "./config.js";
import { configFaults } from "./config-faults.js";
import { checkCredentials } from "./credentials-schema.js";
import { faultOfPattern } from "./fault-of-pattern.js";
import { faultOfHeader, type ModelHeaders } from "./model-headers.js";
import { optionAdvice } from "./option-advice.js";
import { queuePlace } from "./queue-place.js";

type LifecycleStart = (signal: AbortSignal) => unknown;

const func = <F>() => z.custom<F>((value) => typeof value === "function", "expected a function");
const count = z.int().min(1);
const payload = z.record(z.string(), z.unknown());
const milliseconds = z
  .number()
  .positive()
  .max(2 ** 31 - 1)
  .nullable();
const logPatterns = z
  .array(
    z.custom<LogPattern>().superRefine((value, context) => {
      const expected = faultOfPattern(value);
      if (expected !== undefined) context.addIssue({ code: "custom", message: expected });
    }),
  )
  .default([]);
const pollMs = z
  .number()
  .min(10)
  .max(2 ** 31 - 1)
  .default(10_000);

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

const extension = z.string().regex(/^[a-z0-9]+$/, "expected an extension in small letters, without a dot");

const multipartSchema = z.strictObject({
  files: z
    .record(
      z.string().min(1),
      z
        .strictObject({
          extensions: z.array(extension).min(1),
          defaultFilename: z
            .string()
            .regex(/^[^\\/".\p{Cc}][^\\/"\p{Cc}]*$/u, "expected a file name without a path"),
          filenameField: z.string().min(1).optional(),
          listName: z.string().min(1).optional(),
        })
        .refine(({ extensions, defaultFilename: name }) => extensions.includes(extname(name).slice(1)), {
          path: ["defaultFilename"],
          message: "expected a name with one of the extensions",
        }),
    )
    .refine((files) => Object.keys(files).length > 0, "expected at least one field"),
  maxFileBytes: count.default(25 * 1024 * 1024),
  maxTotalBytes: count.default(64 * 1024 * 1024),
  maxFiles: count.default(16),
});

const route = z
  .string()
  .regex(/^\/[^\s?#*:\p{Cs}]*$/u, 'expected a path that begins with "/" and has no "?", "#", "*" or ":"');

const handlerSchema = z.strictObject({
  route,
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
      totalMs: milliseconds.default(null),
    })
    .prefault({}),
  multipart: multipartSchema.optional(),
  websocket: z.boolean().optional(),
  forwardQuery: z
    .union([z.boolean(), z.array(z.string().min(1))], "expected true, false or a list of names of parameters")
    .default(true),
  sseKeepAliveMs: z
    .int()
    .min(10)
    .max(2 ** 31 - 1)
    .nullable()
    .default(null),
});

function checkHeaders(headers: ModelHeaders, context: z.core.$RefinementCtx): void {
  const names = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const isTwice = names.has(name.toLowerCase());
    names.add(name.toLowerCase());
    const message = isTwice
      ? "expected each header once, in any case of its name"
      : faultOfHeader(name, value);
    if (message !== undefined) context.addIssue({ code: "custom", path: [name], message });
  }
}

const configSchema = z.strictObject({
  modelServerUrl: z
    .string()
    .refine(isHttpUrl, "expected a URL with http: or https:")
    .superRefine(checkCredentials)
    .optional(),
  modelServerPort: z.int().min(1).max(65535).optional(),
  modelHeaders: z.record(z.string(), z.string()).superRefine(checkHeaders).default({}),
  maxConnections: count.nullable().default(null),
  modelLogFile: z.string().min(1).optional(),
  modelHealthcheckUrl: z
    .string()
    .refine(
      (text) => text.startsWith("/") || isHttpUrl(text),
      'expected a path that begins with "/", or an http: or https: URL',
    )
    .superRefine(checkCredentials)
    .optional(),
  healthcheck: z
    .strictObject({ intervalMs: pollMs, timeoutMs: pollMs, failureThreshold: count.default(3) })
    .prefault({}),
  handlers: z.array(handlerSchema).min(1),
  openRoutes: z.array(z.strictObject({ route, text: z.string().optional() })).default([]),
  logActionConfig: z
    .strictObject({ onLoad: logPatterns, onError: logPatterns, onInfo: logPatterns })
    .prefault({}),
  readiness: z.enum(["log", "health", "either"], 'expected "log", "health" or "either"').optional(),
  // What a timer holds.
  startTimeout: z
    .number()
    .positive()
    .max(24 * 86_400)
    .default(1800),
  lifecycle: z
    .strictObject({ start: func<LifecycleStart>().optional(), stop: func<() => unknown>().optional() })
    .optional(),
  sessionCallbackHosts: z
    .array(z.string().regex(/^(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d+)?$/, "expected a host name, or host:port"))
    .default([]),
  requireOwnUrl: z.boolean().default(false),
  replayProtection: z.boolean().default(false),
  maxSessions: z.int().nonnegative().nullable().default(10),
  maxBodyBytes: z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .default(256 * 1024 * 1024),
  maxUnverifiedBytes: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(64 * 1024 * 1024),
  streamHeaders: z.boolean().default(true),
  cors: z.array(originSchema).default([]),
  drainTimeout: z.number().nonnegative().max(86_400).default(30),
  inspect: z
    .union([
      z.boolean(),
      z.strictObject({
        port: z.int().min(1).max(65535).optional(),
        host: z.string().min(1).optional(),
        token: z.string().min(1).optional(),
        events: z.int().min(1).max(100_000).optional(),
      }),
    ])
    .default(false),
});

/**
 * Checks a configuration and fills in the defaults.
 *
 * @throws TsworkerError `CONFIG_INVALID`, whose message lists all faults, each with its path, what was expected
 * and what came.
 */
export function checkConfig(config: WorkerConfig): CheckedConfig {
  const parsed = configSchema.safeParse(config);
  const faults = configFaults(config, parsed.error, (path, name) => optionAdvice(configSchema)(path, name));
  if (!parsed.success || faults.length > 0) {
    throw new TsworkerError("CONFIG_INVALID", formatErrors("the worker's configuration", faults));
  }
  const { data } = parsed;
  const handlers = data.handlers.map((handler) => ({
    ...handler,
    ...queuePlace(handler as HandlerPlace),
  })) as readonly Handler[];
  const benchmarked = data.handlers.findIndex(({ benchmarkConfig }) => benchmarkConfig !== undefined);
  return {
    ...(data as WorkerConfig),
    modelServer: serverOf(data.modelServerUrl, data.modelServerPort),
    modelHeaders: data.modelHeaders,
    maxConnections: data.maxConnections,
    handlers,
    benchmark: benchmarkOf(handlers[benchmarked], data.handlers[benchmarked]?.benchmarkConfig),
    openRoutes: data.openRoutes,
    logActionConfig: data.logActionConfig,
    healthcheck: data.healthcheck,
    // As it came: its functions may be methods.
    ...(config.lifecycle && { lifecycle: config.lifecycle }),
    startTimeout: data.startTimeout,
    maxSessions: data.maxSessions,
    sessionCallbackHosts: data.sessionCallbackHosts,
    requireOwnUrl: data.requireOwnUrl,
    replayProtection: data.replayProtection,
    maxBodyBytes: data.maxBodyBytes,
    maxUnverifiedBytes: data.maxUnverifiedBytes,
    streamHeaders: data.streamHeaders,
    cors: data.cors,
    drainTimeout: data.drainTimeout,
    inspect: data.inspect,
  };
}

type HandlerPlace = Parameters<typeof queuePlace>[0];

function serverOf(url: string | undefined, port: number | undefined): string | undefined {
  if (url === undefined) return undefined;
  const server = new URL(url);
  // `URL` hides a port that is the scheme's own, but one that is named counts.
  const namesPort = /^[^/]*\/\/[^/?#]*:\d+(?:[/?#]|$)/.test(url);
  if (!namesPort && port !== undefined) server.port = String(port);
  return `${server.origin}${server.pathname.replace(/\/+$/, "")}`;
}

function benchmarkOf(
  handler: Handler | undefined,
  config: z.output<typeof benchmarkSchema> | undefined,
): Benchmark {
  if (handler === undefined || config === undefined) {
    throw new Error("checked before: one handler has a benchmarkConfig");
  }
  const { dataset = [], generator, runs, concurrency, doWarmup } = config;
  return {
    handler,
    payload: generator ?? (() => dataset[Math.floor(Math.random() * dataset.length)] ?? {}),
    runs,
    concurrency: Math.min(concurrency, handler.limit),
    doWarmup,
  };
}
