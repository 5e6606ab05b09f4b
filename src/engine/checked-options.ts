import { createPrivateKey } from "node:crypto";
import { z } from "zod";
import { originSchema } from "../shared/cors.js";
import { formatErrors, TsworkerError } from "../shared/errors.js";
import { faultsIn } from "./api/faults.js";
import type { EngineOptions } from "./engine-options.js";
import { scalingParametersSchema } from "./scaling/scaling-parameters.js";

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
 * Checks the options of an engine, and fills in what was left out.
 *
 * @throws {TsworkerError} `CONFIG_INVALID`, with every fault.
 */
export function checkedOptions(options: EngineOptions): CheckedOptions {
  const { provider, planner, scaling } = options;
  const checked = schema.safeParse(options);
  const checkedScaling = scalingParametersSchema.safeParse(scaling ?? {});
  if (checked.success && checkedScaling.success) return { ...checked.data, provider, planner, scaling };
  const faults = [
    ...(checked.error ? faultsIn(checked.error) : []),
    ...(checkedScaling.error ? faultsIn(checkedScaling.error).map((fault) => `scaling.${fault}`) : []),
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
