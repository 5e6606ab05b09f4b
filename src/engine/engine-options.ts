import { createPrivateKey } from "node:crypto";
import { z } from "zod";
import { originSchema } from "../shared/cors.js";
import { formatErrors, TsworkerError } from "../shared/errors.js";
import { validationErrors } from "./api/exchange.js";
import type { Planner } from "./scaling/plan.js";
import { type ScalingParameters, scalingParametersSchema } from "./scaling/scaling-parameters.js";
import type { Provider } from "./workers/provider.js";

/** Options of an {@link Engine}. */
export interface EngineOptions {
  /** Name of the endpoint that it is started with. Others can be added by the web calls. */
  readonly endpoint: string;
  /** The endpoint's key, which clients need for `/route/`. */
  readonly apiKey: string;
  /**
   * The key of the web calls.
   * @default apiKey
   */
  readonly accountKey?: string;
  /**
   * Address to listen on.
   * @default "127.0.0.1"
   */
  readonly host?: string;
  /**
   * Port to listen on; 0: a free one.
   * @default 0
   */
  readonly port?: number;
  /**
   * The `mtoken` that reports must carry; others are answered 401. A provider gives it to its workers.
   * `true`: a generated one, which the state keeps; {@link Engine.token} has it. An empty text: reports need none.
   * Default: reports need none; with a provider, a generated one.
   *
   * Without a token, every program that reaches the port can report as any worker, and clients are sent to the URL in
   * that report.
   */
  readonly token?: string | true;
  /**
   * Origins whose pages may call the engine from a browser, such as `https://app.example.com`; `"*"` is any. Requests
   * of other pages are answered 403.
   * @default none
   */
  readonly cors?: readonly string[];
  /** RSA private key, PEM. Default: that of the state, or a new one of 2048 bits at the first start. */
  readonly privateKey?: string;
  /**
   * How many of the newest reports, and how many of the newest ended requests, are kept; of reports no more than 32 MB.
   * @default 10000
   */
  readonly history?: number;
  /**
   * Seconds without a report after which a worker gets no more requests; one that a provider made is also
   * replaced. Workers report every 10 s.
   * @default 35
   */
  readonly silentAfter?: number;
  /**
   * Seconds between a worker's start and its first report after which it counts as failed.
   * @default 60
   */
  readonly startTimeout?: number;
  /** Parameters of scaling, by their names on the wire. Default: those of the state, or the defaults. */
  readonly scaling?: { readonly [name in keyof ScalingParameters]?: ScalingParameters[name] | undefined };
  /**
   * Creates and destroys workers as scaling requires. Without one, workers announce themselves by their first report,
   * and nothing is scaled.
   */
  readonly provider?: Provider | undefined;
  /** Replaces the rules of scaling. */
  readonly planner?: Planner;
  /**
   * Workload per second assumed of a worker while none has been measured.
   * @default 100
   */
  readonly expectedCapacity?: number;
  /**
   * File for endpoints, workergroups, workers, keys and counters. It holds keys, and only its owner may read it.
   * Default: the state is kept in memory.
   */
  readonly state?: string;
}

const seconds = z.number().positive("expected seconds, more than 0");

/** An RSA private key in PEM. */
export const privateKeySchema = z.string().refine(isPrivateKey, "expected an RSA private key, PEM");

const schema = z.object({
  endpoint: z.string().trim().min(1, "expected a name"),
  apiKey: z.string().min(1, "expected a key"),
  accountKey: z.string().min(1, "expected a key").optional(),
  host: z.string().min(1, "expected an address").default("127.0.0.1"),
  port: z.int().min(0).max(65535).default(0),
  token: z.union([z.string(), z.literal(true)], "expected a text, or true").optional(),
  privateKey: privateKeySchema.optional(),
  history: z.int().nonnegative().default(10_000),
  silentAfter: seconds.default(35),
  startTimeout: seconds.default(60),
  expectedCapacity: z.number().positive("expected workload per second, more than 0").default(100),
  state: z.string().min(1, "expected the name of a file").optional(),
  cors: z.array(originSchema).default([]),
});

/** Options of an engine, with their defaults. */
export type CheckedOptions = Readonly<z.output<typeof schema>> & {
  readonly [name in "provider" | "planner" | "scaling"]: EngineOptions[name];
};

/**
 * Checks the options of an engine, and fills in the defaults.
 *
 * @throws {TsworkerError} `CONFIG_INVALID`, listing every invalid option.
 */
export function checkedOptions(options: EngineOptions): CheckedOptions {
  const { provider, planner, scaling } = options;
  const checked = schema.safeParse(options);
  const checkedScaling = scalingParametersSchema.safeParse(scaling ?? {});
  if (checked.success && checkedScaling.success) return { ...checked.data, provider, planner, scaling };
  const faults = [
    ...(checked.error ? validationErrors(checked.error) : []),
    ...(checkedScaling.error
      ? validationErrors(checkedScaling.error).map((error) => `scaling.${error}`)
      : []),
  ];
  throw new TsworkerError("CONFIG_INVALID", formatErrors("the engine's options", faults));
}

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === "rsa";
  } catch {
    return false;
  }
}
