import { isIPv6 } from "node:net";
import { z } from "zod";
import { formatErrors, TsworkerError } from "../../shared/errors.js";
import { LOG_LEVELS, type LogLevel } from "../../shared/log.js";
import { scrubber } from "../../shared/scrubber.js";
import { isHttpUrl } from "../../shared/url.js";
import { ACCESS_MODES, type AccessMode, type CheckedApiKey, listedKeysSchema } from "./access-config.js";
import { checkCredentials } from "./model-headers.js";
import { readTracing, TRACING_SECRETS, type Tracing } from "./tracing-settings.js";
import { choice, flag, integer, optional, path } from "./variable-kinds.js";

/** Default certificate and key with `USE_SSL=true`. */
export const CERTIFICATE_FILE = "/etc/instance.crt";
export const CERTIFICATE_KEY_FILE = "/etc/instance.key";
/** File that makes the start script fetch the newest version of the worker before the next start. */
const FORCE_UPDATE_FILE = "/.force_update";
/** File with the benchmark's result, which survives restarts, in the working directory. */
const BENCHMARK_FILE = ".has_benchmark";

const DEFAULT_REPORT_ADDRESS = "https://run.vast.ai";

/** Settings from environment variables. */
export interface Environment {
  /** `WORKER_PORT`: port of the public server. */
  readonly port: number;
  /** `WORKER_HOST`: address that the public server listens on if the configuration has none; all addresses without it. */
  readonly host: string | undefined;
  /** `WORKER_BACKLOG`: connections that may wait on the public port if the configuration has no number. */
  readonly backlog: number | undefined;
  /** `WORKER_HTTP_PORT`: port of the second, plain-HTTP server. @default WORKER_PORT + 1 */
  readonly httpPort: number;
  /** `WORKER_HTTP_HOST`: address that the second server listens on. @default 127.0.0.1 */
  readonly httpHost: string;
  /** `HTTP_SERVER`: the implementation that serves both ports. @default auto */
  readonly server: ServerChoice;
  /** `USE_SSL` is `true`: the public server uses TLS. */
  readonly useSsl: boolean;
  /** `SSL_CERTIFICATE`: PEM file of the certificate. @default /etc/instance.crt */
  readonly certificateFile: string;
  /** `SSL_CERTIFICATE_KEY`: PEM file of its key. @default /etc/instance.key */
  readonly certificateKeyFile: string;
  /** `ACCESS_MODE`: who may call the handlers if the configuration has no `access`. @default signature */
  readonly accessMode: AccessMode;
  /** `API_KEYS`: keys of clients, separated by commas. @default none */
  readonly apiKeys: readonly CheckedApiKey[];
  /** `API_KEYS_FILE`: file with keys of clients. */
  readonly apiKeysFile: string | undefined;
  /** `ACCESS_ANYWHERE` is a yes: open access is not limited to loopback. @default false */
  readonly openAnywhere: boolean;
  /**
   * From `PUBLIC_IPADDR` and `VAST_TCP_PORT_<WORKER_PORT>`: how clients reach this worker. Without an engine, its own address.
   */
  readonly publicUrl: string;
  /** `CONTAINER_ID`: this worker's id in reports. Without an engine 0. */
  readonly workerId: number;
  /**
   * `REPORT_ADDR`: base URLs of the engine, in the order in which they are tried. Without an engine empty.
   * @default https://run.vast.ai
   */
  readonly reportAddresses: readonly string[];
  /** `MASTER_TOKEN`: the secret in reports. @default empty */
  readonly masterToken: string;
  /** `FORCE_UPDATE_FILE`: the empty file that `/pyworker/update` writes. @default /.force_update */
  readonly forceUpdateFile: string;
  /** `BENCHMARK_FILE`: file with the benchmark's result. @default .has_benchmark */
  readonly benchmarkFile: string;
  /** `UNSECURED` is a yes: signatures are not checked. @default false */
  readonly unsecured: boolean;
  /** `MODEL_HEALTH_ENDPOINT`: health URL or path if the configuration has none. */
  readonly healthEndpoint: string | undefined;
  /** `MODEL_API_KEY`: the model server's key, sent to it as a bearer token. */
  readonly modelApiKey: string | undefined;
  /** `ENDPOINT_PICKER_METRICS`: the metrics for an endpoint picker if the configuration does not say. @default false */
  readonly pickerMetrics: boolean;
  /** `DEV_MODEL_URL`: model server that replaces the configuration's: the one that `tsworker dev` simulates. */
  readonly devModelUrl: string | undefined;
  /** `DEV_MODEL_LOG`: its log, which replaces the configuration's. */
  readonly devModelLog: string | undefined;
  /** `OTEL_…`: where traces are sent. */
  readonly tracing: Tracing;
  /** `LOG_LEVEL`. @default info */
  readonly logLevel: LogLevel;
  /** `INSPECT`: there is an inspector. @default false */
  readonly inspect: boolean;
  /** `INSPECT_TOKEN`: secret that opens the inspector. */
  readonly inspectToken: string | undefined;
  /** `INSPECT_STATELY`: WebSocket URL of a relay of Stately's inspector; implies `INSPECT`. */
  readonly inspectStately: string | undefined;
}

/** Whether requests have signatures that are checked. */
export const isSecured = ({ accessMode, unsecured }: Environment): boolean =>
  accessMode === "signature" && !unsecured;

const SERVERS = ["auto", "uws", "node"] as const;
/** `auto` is uWebSockets.js where it runs, and `node:http` otherwise. */
export type ServerChoice = (typeof SERVERS)[number];

const MAX_PORT = 65535;

/** Whether a WebSocket can be opened to a URL. */
const isSocketUrl = (text: string): boolean =>
  /^wss?:\/\//.test(text) && URL.canParse(text) && !text.includes("#");

const port = integer(`expected a port number from 1 to ${MAX_PORT}`, 1, MAX_PORT);

/** The words of the modes, in any case. */
const accessMode = z
  .string()
  .default("")
  .transform((text) => text.trim() || "signature")
  .transform((text) => ACCESS_MODES.find((mode) => mode.toLowerCase() === text.toLowerCase()) ?? text)
  .pipe(z.enum(ACCESS_MODES, `expected one of ${ACCESS_MODES.join(", ")}`));

/** The mode of the variables; one that does not exist is an error of its own. */
const accessModeOf = ({ ACCESS_MODE }: NodeJS.ProcessEnv): AccessMode =>
  accessMode.safeParse(ACCESS_MODE).data ?? "signature";

const workerId = integer("expected an integer", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);

const reportAddresses = z
  .string()
  .default("")
  .transform((text) => {
    const addresses = text.split(",").map((address) => address.trim().replace(/\/+$/, ""));
    const given = addresses.filter((address) => address !== "");
    return given.length > 0 ? given : [DEFAULT_REPORT_ADDRESS];
  })
  .refine((addresses) => addresses.every(isHttpUrl), "expected http: or https: URLs, separated by commas");

/** A variable's value without secrets. */
const shown = (name: string, value: string | undefined): string | undefined =>
  value !== undefined && SECRETS.has(name) ? "[redacted]" : value && scrubber([])(value);

const SECRETS: ReadonlySet<string> = new Set(["MODEL_API_KEY", "API_KEYS", ...TRACING_SECRETS]);

/** Port of a worker that no engine has given one. */
const STANDALONE_PORT = "3000";

/** The variables with defaults for those that only an engine's worker needs. */
function standalone(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const port = variables.WORKER_PORT?.trim() || STANDALONE_PORT;
  const host = variables.WORKER_HOST?.trim();
  const isEverywhere = host === undefined || host === "" || host === "0.0.0.0" || host === "::";
  return {
    ...variables,
    WORKER_PORT: port,
    PUBLIC_IPADDR: isEverywhere ? "127.0.0.1" : host,
    [`VAST_TCP_PORT_${port}`]: port,
    CONTAINER_ID: "0",
    REPORT_ADDR: "",
  };
}

/**
 * Reads the environment variables; no other code of the worker does.
 *
 * @param mode of the configuration, which takes precedence over `ACCESS_MODE`.
 * @throws TsworkerError `ENVIRONMENT_INVALID`, whose message lists all errors, each with its variable, what was
 * expected and what it holds.
 */
export function readEnvironment(
  given: NodeJS.ProcessEnv = process.env,
  mode: AccessMode = accessModeOf(given),
): Environment {
  const hasEngine = mode === "signature";
  const variables = hasEngine ? given : standalone(given);
  const publicPort = `VAST_TCP_PORT_${variables.WORKER_PORT?.trim() ?? "<WORKER_PORT>"}`;
  const schema = z.object({
    WORKER_PORT: port,
    WORKER_HOST: z
      .string()
      .default("")
      .transform((text) => text.trim() || undefined),
    WORKER_BACKLOG: optional(integer(`expected an integer from 1 to ${MAX_PORT}`, 1, MAX_PORT)),
    WORKER_HTTP_PORT: optional(port),
    WORKER_HTTP_HOST: z
      .string()
      .default("")
      .transform((text) => text.trim() || "127.0.0.1"),
    HTTP_SERVER: choice(SERVERS, "auto"),
    ACCESS_MODE: accessMode,
    API_KEYS: listedKeysSchema,
    API_KEYS_FILE: z
      .string()
      .optional()
      .transform((text) => text || undefined),
    ACCESS_ANYWHERE: flag,
    // As in the Python worker, which compares it with one word.
    USE_SSL: z
      .string()
      .default("")
      .transform((text) => text.trim().toLowerCase() === "true"),
    SSL_CERTIFICATE: path(CERTIFICATE_FILE),
    SSL_CERTIFICATE_KEY: path(CERTIFICATE_KEY_FILE),
    PUBLIC_IPADDR: z
      .string("expected the worker's public address")
      .trim()
      .min(1, "expected the worker's public address"),
    CONTAINER_ID: workerId,
    REPORT_ADDR: reportAddresses,
    MASTER_TOKEN: z.string().default(""),
    FORCE_UPDATE_FILE: path(FORCE_UPDATE_FILE),
    BENCHMARK_FILE: path(BENCHMARK_FILE),
    UNSECURED: flag,
    MODEL_HEALTH_ENDPOINT: z
      .string()
      .optional()
      .transform((text) => text || undefined)
      .refine(
        (text) => text === undefined || text.startsWith("/") || isHttpUrl(text),
        'expected a path that begins with "/", or an http: or https: URL',
      )
      .superRefine(checkCredentials),
    MODEL_API_KEY: z
      .string()
      .optional()
      .transform((text) => text?.trim() || undefined)
      .refine(
        (text) => text === undefined || /^[\x21-\x7e]+$/.test(text),
        "expected visible ASCII characters without blanks",
      ),
    ENDPOINT_PICKER_METRICS: flag,
    DEV_MODEL_URL: z
      .string()
      .optional()
      .transform((text) => text?.replace(/\/+$/, "") || undefined)
      .refine((text) => text === undefined || isHttpUrl(text), "expected an http: or https: URL"),
    DEV_MODEL_LOG: z
      .string()
      .optional()
      .transform((text) => text || undefined),
    LOG_LEVEL: choice(LOG_LEVELS, "info"),
    INSPECT: flag,
    INSPECT_TOKEN: z
      .string()
      .optional()
      .transform((text) => text || undefined),
    INSPECT_STATELY: z
      .string()
      .optional()
      .transform((text) => text || undefined)
      .refine(
        (text) => text === undefined || isSocketUrl(text),
        "expected a ws: or wss: URL without a fragment",
      ),
  });
  const parsed = schema.safeParse(variables);
  // Its name has the port in it.
  const parsedPort = z.object({ [publicPort]: port }).safeParse(variables);
  const issues = [...(parsed.error?.issues ?? []), ...(parsedPort.error?.issues ?? [])];
  const errors = issues.map(({ path, message }) => {
    const name = String(path[0]);
    const value = shown(name, variables[name]);
    return `${name}: ${message}, ${value === undefined ? "but it is not set" : `got ${JSON.stringify(value)}`}`;
  });
  const httpPort = parsed.data?.WORKER_HTTP_PORT ?? (parsed.data?.WORKER_PORT ?? 0) + 1;
  if (httpPort > MAX_PORT)
    errors.push(`WORKER_HTTP_PORT: expected a port, because WORKER_PORT + 1 is none, but it is not set`);
  if (httpPort === parsed.data?.WORKER_PORT)
    errors.push(`WORKER_HTTP_PORT: expected another port than WORKER_PORT, got "${httpPort}"`);
  if (!parsed.success || !parsedPort.success || errors.length > 0) {
    throw new TsworkerError("ENVIRONMENT_INVALID", formatErrors("the worker's environment", errors));
  }
  const { data } = parsed;
  const host = isIPv6(data.PUBLIC_IPADDR) ? `[${data.PUBLIC_IPADDR}]` : data.PUBLIC_IPADDR;
  return {
    port: data.WORKER_PORT,
    host: data.WORKER_HOST,
    backlog: data.WORKER_BACKLOG,
    httpPort,
    httpHost: data.WORKER_HTTP_HOST,
    server: data.HTTP_SERVER,
    useSsl: data.USE_SSL,
    certificateFile: data.SSL_CERTIFICATE,
    certificateKeyFile: data.SSL_CERTIFICATE_KEY,
    accessMode: mode,
    apiKeys: data.API_KEYS,
    apiKeysFile: data.API_KEYS_FILE,
    openAnywhere: data.ACCESS_ANYWHERE,
    publicUrl: `${data.USE_SSL ? "https" : "http"}://${host}:${parsedPort.data[publicPort]}`,
    workerId: data.CONTAINER_ID,
    reportAddresses: hasEngine ? data.REPORT_ADDR : [],
    masterToken: data.MASTER_TOKEN,
    forceUpdateFile: data.FORCE_UPDATE_FILE,
    benchmarkFile: data.BENCHMARK_FILE,
    unsecured: data.UNSECURED,
    healthEndpoint: data.MODEL_HEALTH_ENDPOINT,
    modelApiKey: data.MODEL_API_KEY,
    pickerMetrics: data.ENDPOINT_PICKER_METRICS,
    devModelUrl: data.DEV_MODEL_URL,
    devModelLog: data.DEV_MODEL_LOG,
    tracing: readTracing(variables, (name) => shown(name, variables[name])),
    logLevel: data.LOG_LEVEL,
    inspect: data.INSPECT,
    inspectToken: data.INSPECT_TOKEN,
    inspectStately: data.INSPECT_STATELY,
  };
}

/** Settings with which a worker that cannot start reports that to the engine. */
export type Reachable = Pick<Environment, "workerId" | "reportAddresses" | "masterToken">;

/**
 * The settings for a report, also from an environment with errors; undefined if they are missing. Without `REPORT_ADDR` there
 * are none: a worker that a person tries by hand must not report to the default engine.
 */
export function readReachable(variables: NodeJS.ProcessEnv = process.env): Reachable | undefined {
  if (!variables.REPORT_ADDR?.trim()) return undefined;
  const parsed = z.object({ CONTAINER_ID: workerId, REPORT_ADDR: reportAddresses }).safeParse(variables);
  if (!parsed.success) return undefined;
  return {
    workerId: parsed.data.CONTAINER_ID,
    reportAddresses: parsed.data.REPORT_ADDR,
    masterToken: variables.MASTER_TOKEN ?? "",
  };
}
