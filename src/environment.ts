import { z } from "zod";
import { TsworkerError } from "./errors.js";
import { faultList } from "./fault-list.js";
import { isHttpUrl } from "./is-http-url.js";

/** Where the certificate and its key lie when `USE_SSL` is `true`. */
export const CERTIFICATE_FILE = "/etc/instance.crt";
export const CERTIFICATE_KEY_FILE = "/etc/instance.key";

const DEFAULT_REPORT_ADDRESS = "https://run.vast.ai";

/** What the process is told by its environment variables. */
export interface Environment {
  /** `WORKER_PORT`: port of the public server. */
  readonly port: number;
  /** `USE_SSL` is `true`: the public server speaks TLS. */
  readonly useSsl: boolean;
  /** From `PUBLIC_IPADDR` and `VAST_TCP_PORT_<WORKER_PORT>`: how clients reach this worker. */
  readonly publicUrl: string;
  /** `CONTAINER_ID`: this worker's id in reports. */
  readonly workerId: number;
  /** `REPORT_ADDR`: base URLs of the engine, in the order in which they are tried. @default https://run.vast.ai */
  readonly reportAddresses: readonly string[];
  /** `MASTER_TOKEN`: the secret in reports. @default empty */
  readonly masterToken: string;
  /** `UNSECURED`: signatures are not checked. @default false */
  readonly unsecured: boolean;
  /** `MODEL_HEALTH_ENDPOINT`: health URL or path where the configuration names none. */
  readonly healthEndpoint: string | undefined;
  /** `LOG_LEVEL`. @default info */
  readonly logLevel: LogLevel;
}

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const integer = (expected: string, min: number, max: number) =>
  z
    .string(expected)
    .trim()
    .refine((text) => /^-?\d+$/.test(text) && Number(text) >= min && Number(text) <= max, expected)
    .transform(Number);

const port = integer("expected a port number from 1 to 65535", 1, 65535);
const flag = (...yes: string[]) =>
  z
    .string()
    .default("")
    .transform((text) => yes.includes(text.trim().toLowerCase()));

/**
 * Reads the environment: the one place that knows the variables' names.
 *
 * @throws TsworkerError `ENVIRONMENT_INVALID`, whose message lists all faults, each with its variable, what was
 * expected and what came.
 */
export function readEnvironment(variables: NodeJS.ProcessEnv = process.env): Environment {
  const publicPort = `VAST_TCP_PORT_${variables.WORKER_PORT?.trim() ?? "<WORKER_PORT>"}`;
  const schema = z.object({
    WORKER_PORT: port,
    USE_SSL: flag("true"),
    PUBLIC_IPADDR: z
      .string("expected the worker's public address")
      .trim()
      .min(1, "expected the worker's public address"),
    CONTAINER_ID: integer("expected an integer", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    REPORT_ADDR: z
      .string()
      .default("")
      .transform((text) => {
        const addresses = text.split(",").map((address) => address.trim().replace(/\/+$/, ""));
        const given = addresses.filter((address) => address !== "");
        return given.length > 0 ? given : [DEFAULT_REPORT_ADDRESS];
      })
      .refine(
        (addresses) => addresses.every(isHttpUrl),
        "expected http: or https: URLs, separated by commas",
      ),
    MASTER_TOKEN: z.string().default(""),
    UNSECURED: flag("true", "1", "yes", "on"),
    MODEL_HEALTH_ENDPOINT: z
      .string()
      .optional()
      .transform((text) => text || undefined)
      .refine(
        (text) => text === undefined || text.startsWith("/") || isHttpUrl(text),
        'expected a path that begins with "/", or an http: URL',
      ),
    LOG_LEVEL: z
      .string()
      .default("info")
      .transform((text) => text.trim().toLowerCase() || "info")
      .pipe(z.enum(LOG_LEVELS, `expected one of ${LOG_LEVELS.join(", ")}`)),
  });
  const parsed = schema.safeParse(variables);
  // Its name is known only with the port.
  const parsedPort = z.object({ [publicPort]: port }).safeParse(variables);
  if (!parsed.success || !parsedPort.success) {
    const issues = [...(parsed.error?.issues ?? []), ...(parsedPort.error?.issues ?? [])];
    const faults = issues.map(({ path, message }) => {
      const name = String(path[0]);
      const value = variables[name];
      return `${name}: ${message}, ${value === undefined ? "but it is not set" : `got ${JSON.stringify(value)}`}`;
    });
    throw new TsworkerError("ENVIRONMENT_INVALID", faultList("the worker's environment", faults));
  }
  const { data } = parsed;
  return {
    port: data.WORKER_PORT,
    useSsl: data.USE_SSL,
    publicUrl: `${data.USE_SSL ? "https" : "http"}://${data.PUBLIC_IPADDR}:${parsedPort.data[publicPort]}`,
    workerId: data.CONTAINER_ID,
    reportAddresses: data.REPORT_ADDR,
    masterToken: data.MASTER_TOKEN,
    unsecured: data.UNSECURED,
    healthEndpoint: data.MODEL_HEALTH_ENDPOINT,
    logLevel: data.LOG_LEVEL,
  };
}
