import { extname } from "node:path";
import { z } from "zod";
import { originSchema } from "../../shared/cors.js";
import { isHttpUrl } from "../../shared/url.js";
import type { Payload } from "../../shared/wire.js";
import { accessSchema } from "./access-config.js";
import type {
  HealthcheckConfig,
  InspectConfig,
  LifecycleConfig,
  LogActionConfig,
  LogPattern,
  MetricsConfig,
  OpenRouteConfig,
  WorkerConfig,
} from "./config.js";
import type {
  BenchmarkConfig,
  FileFieldConfig,
  HandlerConfig,
  MultipartConfig,
  PayloadObject,
  TimeoutsConfig,
} from "./handler-config.js";
import { checkCredentials, headerIssue, type ModelHeaders } from "./model-headers.js";
import { patternIssue } from "./pattern-check.js";
import { isPayloadSchema, type PayloadSchema } from "./payload-schema.js";
import { handlerRouteSchema, modelRouteSchema, routeSchema } from "./route-path.js";

/**
 * A schema for each option of an interface, and for no other: an option that is missing here, misspelt, or accepts a value
 * that its interface does not, is a compile error. Defaults are declared here and nowhere else.
 */
type Options<Config> = { readonly [Option in keyof Config]-?: z.ZodType<unknown, Config[Option]> };

const func = <F>() => z.custom<NonNullable<F>>((value) => typeof value === "function", "expected a function");
/** `null` is the same as leaving the option out, as `None` is in the Python worker. */
const orNull = <Schema extends z.ZodType>(schema: Schema) =>
  schema
    .nullish()
    .transform((value) => value ?? undefined)
    .optional();
const count = z.int().min(1);
const size = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const payload = z.custom<PayloadObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "expected an object",
);
const milliseconds = z
  .number()
  .positive()
  .max(2 ** 31 - 1)
  .nullable();
const logPatterns = z
  .array(
    z.custom<LogPattern>().superRefine((value, context) => {
      const expected = patternIssue(value);
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
    dataset: orNull(z.array(payload).min(1)),
    generator: orNull(func<BenchmarkConfig["generator"]>()),
    runs: count.default(8),
    concurrency: count.nullish().transform((value) => value ?? 10),
    doWarmup: z.boolean().default(true),
  } satisfies Options<BenchmarkConfig>)
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
        } satisfies Options<FileFieldConfig>)
        .refine(({ extensions, defaultFilename: name }) => extensions.includes(extname(name).slice(1)), {
          path: ["defaultFilename"],
          message: "expected a name with one of the extensions",
        }),
    )
    .refine((files) => Object.keys(files).length > 0, "expected at least one field"),
  maxFileBytes: count.default(25 * 1024 * 1024),
  maxTotalBytes: count.default(64 * 1024 * 1024),
  maxFiles: count.default(16),
} satisfies Options<MultipartConfig>);

/** Methods of handlers; the default first. */
export const HANDLER_METHODS = ["POST", "GET", "PUT", "PATCH", "DELETE"] as const;

const handlerSchema = z.strictObject({
  route: handlerRouteSchema,
  method: z.enum(HANDLER_METHODS, `expected one of ${HANDLER_METHODS.join(", ")}`).default("POST"),
  modelRoute: modelRouteSchema.optional(),
  allowParallelRequests: z.boolean().optional(),
  concurrency: count.optional(),
  queue: z.string().min(1).optional(),
  queueOrder: z.enum(["fifo", "fair"], 'expected "fifo" or "fair"').default("fifo"),
  maxQueueTime: z.number().nonnegative().nullable().default(30),
  payloadSchema: z
    .custom<PayloadSchema<PayloadObject>>(
      isPayloadSchema,
      "expected a schema that implements Standard Schema, such as z.object({ … }) of zod",
    )
    .optional(),
  requestParser: orNull(func<HandlerConfig["requestParser"]>()),
  workloadCalculator: orNull(func<HandlerConfig["workloadCalculator"]>()),
  generatePayloadJson: func<HandlerConfig["generatePayloadJson"]>().optional(),
  generatePayloadMultipart: func<HandlerConfig["generatePayloadMultipart"]>().optional(),
  responseGenerator: orNull(func<HandlerConfig["responseGenerator"]>()),
  remoteFunction: orNull(func<HandlerConfig["remoteFunction"]>()),
  benchmarkConfig: orNull(benchmarkSchema),
  timeouts: z
    .strictObject({
      connectMs: milliseconds.default(10_000),
      headersMs: milliseconds.default(null),
      idleMs: milliseconds.default(null),
      totalMs: milliseconds.default(null),
    } satisfies Options<TimeoutsConfig>)
    .prefault({}),
  multipart: multipartSchema.optional(),
  websocket: z.boolean().optional(),
  forwardQuery: z
    .union([z.boolean(), z.array(z.string().min(1))], "expected true, false or a list of names of parameters")
    .default(true),
  forwardHeaders: z.array(z.string().superRefine(checkForwarded)).default([]),
  sseKeepAliveMs: z
    .int()
    .min(10)
    .max(2 ** 31 - 1)
    .nullable()
    .default(null),
} satisfies Options<HandlerConfig>);

/** Headers that are the worker's own, or a secret of its client's. */
const UNFORWARDED: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "accept-encoding",
  "x-request-id",
]);

function checkForwarded(name: string, context: z.core.$RefinementCtx): void {
  const isOwn = UNFORWARDED.has(name.toLowerCase());
  const message = isOwn
    ? "expected a header that is not the worker's own: authorization, cookie, accept-encoding and x-request-id are"
    : headerIssue(name, "value");
  if (message !== undefined) context.addIssue({ code: "custom", message });
}

function checkHeaders(headers: ModelHeaders, context: z.core.$RefinementCtx): void {
  const names = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const isTwice = names.has(name.toLowerCase());
    names.add(name.toLowerCase());
    const message = isTwice ? "expected each header once, in any case of its name" : headerIssue(name, value);
    if (message !== undefined) context.addIssue({ code: "custom", path: [name], message });
  }
}

/** Methods that a fetch-standard `Request` does not have. */
const NO_FETCH_METHODS: readonly string[] = ["CONNECT", "TRACE", "TRACK"];

const isOpenMethod = (method: string): boolean =>
  method === "*" || (/^[A-Z]+$/.test(method) && !NO_FETCH_METHODS.includes(method));

export const configSchema = z.strictObject({
  access: accessSchema.optional(),
  modelServerUrl: orNull(
    z.string().refine(isHttpUrl, "expected a URL with http: or https:").superRefine(checkCredentials),
  ),
  modelServerPort: orNull(z.int().min(1).max(65535)),
  modelHeaders: z.record(z.string(), z.string()).superRefine(checkHeaders).default({}),
  maxConnections: count.nullable().default(null),
  modelLogFile: orNull(z.string().min(1)),
  modelHealthcheckUrl: orNull(
    z
      .string()
      .refine(
        (text) => text.startsWith("/") || isHttpUrl(text),
        'expected a path that begins with "/", or an http: or https: URL',
      )
      .superRefine(checkCredentials),
  ),
  healthcheck: z
    .strictObject({
      intervalMs: pollMs,
      timeoutMs: pollMs,
      failureThreshold: count.default(3),
    } satisfies Options<HealthcheckConfig>)
    .prefault({}),
  host: orNull(z.string().min(1)),
  backlog: orNull(count.max(65535)),
  handlers: z.array(handlerSchema).min(1),
  openRoutes: z
    .array(
      z.strictObject({
        route: routeSchema,
        method: z
          .string()
          .refine(isOpenMethod, 'expected a method in capitals, such as "POST", or "*"')
          .default("GET"),
        text: z.string().optional(),
        respond: func<OpenRouteConfig["respond"]>().optional(),
        modelRoute: modelRouteSchema.optional(),
        maxBodyBytes: size.default(1024 * 1024),
      } satisfies Options<OpenRouteConfig>),
    )
    .default([]),
  logActionConfig: z
    .strictObject({
      onLoad: logPatterns,
      onError: logPatterns,
      onInfo: logPatterns,
    } satisfies Options<LogActionConfig>)
    .prefault({}),
  readiness: z.enum(["log", "health", "either"], 'expected "log", "health" or "either"').optional(),
  // The range of a timer.
  startTimeout: z
    .number()
    .positive()
    .max(24 * 86_400)
    .default(1800),
  lifecycle: orNull(
    z.strictObject({
      start: func<LifecycleConfig["start"]>().optional(),
      stop: func<LifecycleConfig["stop"]>().optional(),
    } satisfies Options<LifecycleConfig>),
  ),
  sessionCallbackHosts: z
    .array(z.string().regex(/^(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d+)?$/, "expected a host name, or host:port"))
    .default([]),
  requireOwnUrl: z.boolean().default(false),
  replayProtection: z.boolean().default(false),
  maxSessions: z.int().nonnegative().nullable().default(10),
  maxBodyBytes: size.min(1).default(256 * 1024 * 1024),
  maxUnverifiedBytes: size.default(64 * 1024 * 1024),
  streamHeaders: z.boolean().default(true),
  cors: z.array(originSchema).default([]),
  drainTimeout: z.number().nonnegative().max(86_400).default(30),
  metrics: z
    .strictObject({
      endpointPicker: z.boolean().optional(),
      modelMetrics: modelRouteSchema.nullable().default("/metrics"),
    } satisfies Options<MetricsConfig>)
    .prefault({}),
  inspect: z
    .union([
      z.boolean(),
      z.strictObject({
        port: z.int().min(1).max(65535).optional(),
        host: z.string().min(1).optional(),
        token: z.string().min(1).optional(),
        events: z.int().min(1).max(100_000).optional(),
      } satisfies Options<InspectConfig>),
    ])
    .default(false),
} satisfies Options<WorkerConfig>);

/** A handler with its defaults filled in. */
export interface Handler extends Readonly<Omit<z.output<typeof handlerSchema>, "queue" | "modelRoute">> {
  /** In metrics, log and inspector: its route, behind its method if that is not POST. No other handler has it. */
  readonly name: string;
  /** Path on the model server. */
  readonly modelRoute: string;
  /** Name of its queue. */
  readonly queue: string;
  /** Requests that may run at once in its queue; `Infinity` for all. */
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

/** An open route with its defaults filled in. */
export type OpenRoute = Readonly<z.output<typeof configSchema>["openRoutes"][number]>;

/** A checked configuration with its defaults filled in. */
export interface CheckedConfig extends Readonly<Omit<z.output<typeof configSchema>, "handlers">> {
  /** Origin and base path of the model server, without a trailing slash; undefined without a model server. */
  readonly modelServer: string | undefined;
  readonly handlers: readonly Handler[];
  readonly benchmark: Benchmark;
}

/** Name of the queue that serial handlers share unless they name another. */
const SERIAL_QUEUE = "serial";

/** Name of a handler. */
export const handlerName = ({ method = "POST", route }: Pick<HandlerConfig, "method" | "route">): string =>
  method === "POST" ? route : `${method} ${route}`;

/** Queue name and limit of a handler, by the rules of `allowParallelRequests`, `concurrency` and `queue`. */
export function queuePlace({
  route,
  method,
  allowParallelRequests,
  concurrency,
  queue,
}: Pick<HandlerConfig, "route" | "method" | "allowParallelRequests" | "concurrency" | "queue">): {
  readonly queue: string;
  readonly limit: number;
} {
  const limit = concurrency ?? (allowParallelRequests ? Number.POSITIVE_INFINITY : 1);
  return { queue: queue ?? (limit === 1 ? SERIAL_QUEUE : handlerName({ method, route })), limit };
}
