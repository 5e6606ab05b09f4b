import { z } from "zod";
import type { WorkerAuthorities } from "../client/fetch/worker-fetch.js";
import {
  authoritiesOf,
  checkedEngineAddress,
  type EngineAddress,
  type ServerlessOptions,
} from "../client/serverless.js";
import { formatErrors, TsworkerError } from "../shared/errors.js";
import { LOG_LEVELS, type LogLevel } from "../shared/log.js";
import { isLoopback } from "../shared/url.js";
import { type ApiKeyConfig, apiKeysSchema } from "../worker/config/access-config.js";
import { openAiWorkload, type WorkloadRequest } from "./workload.js";

/** An endpoint that a {@link Gateway} serves. */
export interface GatewayEndpointOptions {
  /** Its name at the engine, and in paths. */
  readonly name: string;
  /** The endpoint's own key at the engine. @default looked up with the account's key */
  readonly apiKey?: string | undefined;
  /** Models that `GET /v1/models` lists. @default what the workers answer, at an open route `/v1/models` */
  readonly models?: readonly string[] | undefined;
}

/** Options of a {@link Gateway}. */
export interface GatewayOptions {
  /** The endpoints, by name or with options: at least one. */
  readonly endpoints: readonly (string | GatewayEndpointOptions)[];
  /**
   * The key of the account or the endpoint at the engine. It is sent to the engine only.
   * @default the environment variable `VAST_API_KEY`
   */
  readonly apiKey?: string | undefined;
  /** The engine by name, as for {@link Serverless}. @default "prod" */
  readonly instance?: ServerlessOptions["instance"];
  /** Base URL of the engine. @default that of the `instance` */
  readonly engineUrl?: string | undefined;
  /** Base URL of the web service, as for {@link Serverless}; null: keys of endpoints are not looked up. */
  readonly webUrl?: string | null | undefined;
  /** Certificates in PEM of the authorities of workers with HTTPS, as for {@link Serverless}. */
  readonly workerCa?: ServerlessOptions["workerCa"];
  /** Address to listen on. @default "127.0.0.1" */
  readonly host?: string | undefined;
  /** Port to listen on: 1 to 65535. @default 4000 */
  readonly port?: number | undefined;
  /** Port of `/healthz` and `/metrics`; undefined: there are no metrics. @default undefined */
  readonly metricsPort?: number | undefined;
  /** Address of that port. @default "127.0.0.1" */
  readonly metricsHost?: string | undefined;
  /** HTTP server; `auto` is uWebSockets.js where it has a binary, and otherwise `node:http`. @default "auto" */
  readonly server?: "auto" | "uws" | "node" | undefined;
  /**
   * Keys of clients, sent as `Authorization: Bearer`, with their limits: workloads are those of `cost`.
   * @default everybody may call, on a loopback address
   */
  readonly keys?: readonly ApiKeyConfig[] | undefined;
  /**
   * JSON file `{"keys": […]}` with more keys. It is read again when it changes; while it has an error the keys before it
   * stay valid.
   */
  readonly keysFile?: string | undefined;
  /** Everybody may call without keys on an address that is not loopback, too. @default false */
  readonly anywhere?: boolean | undefined;
  /** Workload of a request: a number from 0 on, or a function that returns one. @default {@link openAiWorkload} */
  readonly cost?: number | ((request: WorkloadRequest) => number) | undefined;
  /** Milliseconds after its arrival in which a request may wait for a worker, further tries included. @default 60000 */
  readonly waitMs?: number | undefined;
  /** Maximum number of tries of a request. Integer of at least 1. @default 10 */
  readonly attempts?: number | undefined;
  /** Largest body in bytes. @default 33554432 (32 MiB) */
  readonly maxBodyBytes?: number | undefined;
  /** Bytes that the bodies of all requests may take together until their answers begin. @default 536870912 (512 MiB) */
  readonly maxHeldBytes?: number | undefined;
  /** @default "info" */
  readonly logLevel?: LogLevel | undefined;
}

const MAX_PORT = 65_535;
const LONGEST_WAIT_MS = 2 ** 31 - 1;

const port = z.int().min(1).max(MAX_PORT);
const text = z.string().min(1);
const isFunction = (value: unknown): boolean => typeof value === "function";
const isCost = (value: unknown): boolean =>
  isFunction(value) || (typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY);

const schema = z.strictObject({
  endpoints: z
    .array(
      z.union([
        text.transform((name) => ({ name })),
        z.strictObject({ name: text, apiKey: text.optional(), models: z.array(text).optional() }),
      ]),
    )
    .min(1)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "expected each endpoint once"),
  host: text.default("127.0.0.1"),
  port: port.default(4000),
  metricsPort: port.optional(),
  metricsHost: text.default("127.0.0.1"),
  server: z.enum(["auto", "uws", "node"]).default("auto"),
  keys: apiKeysSchema.default([]),
  keysFile: text.optional(),
  anywhere: z.boolean().default(false),
  cost: z
    .custom<number | ((request: WorkloadRequest) => number)>(
      isCost,
      "expected a number from 0 on, or a function",
    )
    .default(() => openAiWorkload),
  waitMs: z.number().min(1).max(LONGEST_WAIT_MS).default(60_000),
  attempts: z.int().min(1).default(10),
  maxBodyBytes: z
    .int()
    .min(1)
    .default(32 * 1024 * 1024),
  maxHeldBytes: z
    .int()
    .min(1)
    .default(512 * 1024 * 1024),
  logLevel: z.enum(LOG_LEVELS).default("info"),
});

/** An endpoint with its options. */
export interface CheckedEndpoint extends GatewayEndpointOptions {}

/** The options with their defaults. */
export interface CheckedGatewayOptions extends Omit<z.output<typeof schema>, "endpoints"> {
  readonly endpoints: readonly CheckedEndpoint[];
  readonly engine: EngineAddress;
  readonly authorities: WorkerAuthorities;
}

/** @throws {TsworkerError} `CONFIG_INVALID`, with all errors. */
export function checkedGatewayOptions(options: GatewayOptions): CheckedGatewayOptions {
  const { apiKey, instance, engineUrl, webUrl, workerCa, ...rest } = options;
  const result = schema.safeParse(rest);
  if (!result.success) {
    const errors = result.error.issues.map(
      ({ path, message }) => `${path.join(".") || "options"}: ${message}`,
    );
    throw new TsworkerError("CONFIG_INVALID", formatErrors("the configuration of the gateway", errors));
  }
  const checked = result.data;
  if (
    checked.keys.length === 0 &&
    checked.keysFile === undefined &&
    !checked.anywhere &&
    !isLoopback(checked.host)
  ) {
    throw new TsworkerError(
      "CONFIG_INVALID",
      `the gateway has no API keys and listens on ${checked.host}: expected keys, an address of loopback such as 127.0.0.1, ` +
        "or anywhere (--anywhere) if everybody who reaches the port may send requests at the endpoint's expense",
    );
  }
  const engine = checkedEngineAddress(
    { apiKey, instance, engineUrl, webUrl, workerCa },
    "the gateway's options",
  );
  return { ...checked, engine, authorities: authoritiesOf(workerCa, engine.webUrl) };
}
