import { once } from "node:events";
import { Gateway } from "../../gateway/index.js";
import { TsworkerError } from "../../shared/errors.js";
import { engineAccess } from "../command/engine-access.js";
import type { INSTANCES } from "../command/engine-flags.js";
import { interruption, unreadOutput } from "../command/signals.js";

interface GatewayCommandOptions {
  readonly endpoint: readonly string[];
  readonly apiKey?: string;
  readonly engineUrl?: string;
  readonly instance?: keyof typeof INSTANCES;
  readonly host: string;
  readonly port: number;
  readonly keysFile?: string;
  readonly anywhere: boolean;
  readonly model: readonly string[];
  readonly cost?: number;
  /** Seconds. */
  readonly wait: number;
  readonly attempts: number;
  readonly maxBody: number;
  readonly metricsPort?: number;
  /** Seconds. */
  readonly drain: number;
}

/** Runs `tsworker gateway`. */
export async function run(options: GatewayCommandOptions): Promise<void> {
  const { endpoint: names, apiKey: given, engineUrl: url, instance, model: models, drain } = options;
  const [first] = names;
  const { apiKey, engineUrl, endpoint } = engineAccess({
    ...(first !== undefined && { endpoint: first }),
    ...(given !== undefined && { apiKey: given }),
    ...(url !== undefined && { engineUrl: url }),
    ...(instance !== undefined && { instance }),
    timeout: options.wait,
  });
  if (models.length > 0 && names.length > 1) {
    throw new TsworkerError(
      "CONFIG_INVALID",
      "--model: expected one --endpoint, got several: start a gateway for each, or use the library, where each endpoint has models",
    );
  }
  const interrupt = AbortSignal.any([interruption(() => {}), unreadOutput()]);
  const gateway = new Gateway({
    endpoints: (names.length === 0 ? [endpoint] : names).map((name) => ({
      name,
      ...(models.length > 0 && { models }),
    })),
    apiKey,
    engineUrl,
    host: options.host,
    port: options.port,
    keysFile: options.keysFile,
    anywhere: options.anywhere,
    cost: options.cost,
    waitMs: options.wait * 1000,
    attempts: options.attempts,
    maxBodyBytes: options.maxBody,
    metricsPort: options.metricsPort,
  });
  await gateway.start();
  if (!interrupt.aborted) await once(interrupt, "abort");
  await gateway.drain(drain * 1000);
}
