import { createHash } from "node:crypto";
import { z } from "zod";
import { formatErrors, TsworkerError } from "../../shared/errors.js";
import { isLoopback } from "../../shared/url.js";
import type { CheckedConfig } from "./config-schema.js";
import type { Environment } from "./environment.js";

/**
 * A client's key, and what its requests may use; a limit that is left out is none.
 *
 * @example
 * ```ts
 * const alice: ApiKeyConfig = { name: "alice", key: "sk-3f9c…", requestsPerMinute: 60, concurrency: 4 };
 * ```
 */
export interface ApiKeyConfig {
  /** In metrics, log and inspector; each once. @default "key-" and the first six digits of the key's SHA-256 */
  readonly name?: string | undefined;
  /** The key, which clients send as `Authorization: Bearer`: 8 to 512 visible ASCII characters. Either this or `sha256`. */
  readonly key?: string | undefined;
  /** SHA-256 of the key, as 64 hexadecimal digits: nobody can read the key from the file. */
  readonly sha256?: string | undefined;
  /** Requests per minute; at most as many at once. Integer of at least 1. @default no limit */
  readonly requestsPerMinute?: number | undefined;
  /** Units of workload per minute; at most as many at once. Greater than 0. @default no limit */
  readonly workloadPerMinute?: number | undefined;
  /** Requests waiting and running at once. Integer of at least 1. @default no limit */
  readonly concurrency?: number | undefined;
  /** Share of the workload in a fair queue, in proportion to those of other keys. From 0.001 to 1000. @default 1 */
  readonly weight?: number | undefined;
  /** Highest priority that its requests may have (`x-priority`). Integer from 0 to 9. @default 0 */
  readonly maxPriority?: number | undefined;
}

/**
 * Who may call the handlers.
 *
 * - `signature`: requests are envelopes that the serverless engine has signed.
 * - `apiKey`: plain HTTP requests with one of some keys. There is no engine: nothing is reported, and the variables that name it
 *   are not required.
 * - `open`: plain HTTP requests of everybody who reaches the port, which is on loopback only, unless `anywhere` is true.
 *
 * @example
 * ```ts
 * const access: AccessConfig = { mode: "apiKey", keysFile: "/etc/tsworker/keys.json" };
 * ```
 */
export type AccessConfig =
  | { readonly mode: "signature" }
  | {
      readonly mode: "apiKey";
      /** The keys, besides those of the file. @default those of `API_KEYS` */
      readonly keys?: readonly ApiKeyConfig[] | undefined;
      /**
       * JSON file `{"keys": […]}` with more keys. It is read again when it changes; while it has an error the keys before
       * it stay valid. @default `API_KEYS_FILE`
       */
      readonly keysFile?: string | undefined;
    }
  | {
      readonly mode: "open";
      /** The port may be on any address. @default false, or `ACCESS_ANYWHERE` */
      readonly anywhere?: boolean | undefined;
    };

/** The three modes, the default first. */
export const ACCESS_MODES = ["signature", "apiKey", "open"] as const;
export type AccessMode = (typeof ACCESS_MODES)[number];

type Options<Config> = { readonly [Option in keyof Config]-?: z.ZodType<unknown, Config[Option]> };

/** SHA-256 of a key, in hexadecimal digits. */
export const hashOf = (key: string): string => createHash("sha256").update(key).digest("hex");

const keyText = z
  .string()
  .regex(/^[\x21-\x7e]{8,512}$/, "expected 8 to 512 visible ASCII characters without blanks");

const apiKeySchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w.@:+-]{1,64}$/, "expected 1 to 64 letters, digits, or characters of ._@:+-")
      .optional(),
    key: keyText.optional(),
    sha256: z
      .string()
      .regex(/^[\da-fA-F]{64}$/, "expected 64 hexadecimal digits")
      .optional(),
    requestsPerMinute: z.int().min(1).optional(),
    workloadPerMinute: z.number().positive().optional(),
    concurrency: z.int().min(1).optional(),
    weight: z.number().min(0.001).max(1000).default(1),
    maxPriority: z.int().min(0).max(9).default(0),
  } satisfies Options<ApiKeyConfig>)
  .transform(({ name, key, sha256, ...limits }, context) => {
    if ((key === undefined) === (sha256 === undefined)) {
      context.addIssue({ code: "custom", message: "expected either a key or a sha256" });
      return z.NEVER;
    }
    const hash = sha256?.toLowerCase() ?? hashOf(key ?? "");
    return { name: name ?? `key-${hash.slice(0, 6)}`, hash, ...limits };
  });

/** A key with its defaults filled in; only the hash of its secret is kept. */
export type CheckedApiKey = z.output<typeof apiKeySchema>;

/** A list of keys, each name and each key once. */
export const apiKeysSchema = z.array(apiKeySchema).superRefine((keys, context) => {
  const names = new Set<string>();
  const hashes = new Set<string>();
  keys.forEach(({ name, hash }, index) => {
    if (hashes.has(hash))
      context.addIssue({ code: "custom", path: [index], message: "expected each key once" });
    else if (names.has(name))
      context.addIssue({ code: "custom", path: [index, "name"], message: "expected each name once" });
    names.add(name);
    hashes.add(hash);
  });
});

/** The option `access`. */
export const accessSchema = z.discriminatedUnion(
  "mode",
  [
    z.strictObject({ mode: z.literal("signature") }),
    z.strictObject({
      mode: z.literal("apiKey"),
      keys: apiKeysSchema.optional(),
      keysFile: z.string().min(1).optional(),
    }),
    z.strictObject({ mode: z.literal("open"), anywhere: z.boolean().optional() }),
  ],
  `expected a mode of ${ACCESS_MODES.map((mode) => `"${mode}"`).join(", ")}`,
);

/** The keys of `API_KEYS`: separated by commas, each as `key` or `name:key`. */
export const listedKeysSchema = z
  .string()
  .default("")
  .transform((text) =>
    text
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "")
      .map((item): ApiKeyConfig => {
        const colon = item.indexOf(":");
        return colon < 0 ? { key: item } : { name: item.slice(0, colon), key: item.slice(colon + 1) };
      }),
  )
  .pipe(apiKeysSchema);

/** Who may call the handlers, from configuration and environment together. */
export type Access =
  | { readonly mode: "signature" }
  | {
      readonly mode: "apiKey";
      readonly keys: readonly CheckedApiKey[];
      readonly keysFile: string | undefined;
    }
  | { readonly mode: "open"; readonly host: string; readonly anywhere: boolean };

/**
 * Combines the option with the variables, over which it takes precedence.
 *
 * @throws TsworkerError `CONFIG_INVALID` for a mode without its keys, or an open port beyond loopback.
 */
export function accessOf(
  access: z.output<typeof accessSchema> | undefined,
  environment: Pick<Environment, "accessMode" | "apiKeys" | "apiKeysFile" | "openAnywhere">,
  host: string | undefined,
): Access {
  const { mode } = access ?? { mode: environment.accessMode };
  switch (mode) {
    case "signature":
      return { mode };
    case "apiKey": {
      const own = access?.mode === "apiKey" ? access : undefined;
      const keys = own?.keys ?? environment.apiKeys;
      const keysFile = own?.keysFile ?? environment.apiKeysFile;
      if (keys.length === 0 && keysFile === undefined) {
        throw new TsworkerError(
          "CONFIG_INVALID",
          "access is by API key and there are no keys: expected access.keys or access.keysFile, or the variable API_KEYS or " +
            "API_KEYS_FILE",
        );
      }
      return { mode, keys, keysFile };
    }
    case "open": {
      const anywhere = (access?.mode === "open" ? access.anywhere : undefined) ?? environment.openAnywhere;
      const address = host ?? "127.0.0.1";
      if (!anywhere && !isLoopback(address)) {
        throw new TsworkerError(
          "CONFIG_INVALID",
          `access is open and the port is on ${address}: expected an address of loopback, such as 127.0.0.1, access with API ` +
            "keys, or access.anywhere (ACCESS_ANYWHERE) if everybody who reaches the port may use the model",
        );
      }
      return { mode, host: address, anywhere };
    }
  }
}

/**
 * Checks what the mode, which may come from the environment, requires of the handlers.
 *
 * @throws TsworkerError `CONFIG_INVALID` that lists all errors.
 */
export function checkAccess({ handlers }: Pick<CheckedConfig, "handlers">, { mode }: Access): void {
  const errors = handlers.flatMap(({ method, websocket }, index) => {
    if (mode === "signature" && method !== "POST") {
      const reason = "a signed envelope is the body of a POST; others require access by API key, or open";
      return [`handlers[${index}].method: expected POST, because ${reason}, got '${method}'`];
    }
    if (mode !== "signature" && websocket === true) {
      const reason = "the envelope of a WebSocket has to be signed";
      return [`handlers[${index}].websocket: expected access by signature, because ${reason}, got '${mode}'`];
    }
    return [];
  });
  if (errors.length > 0)
    throw new TsworkerError("CONFIG_INVALID", formatErrors("the worker's configuration", errors));
}
