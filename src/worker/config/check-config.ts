import type { z } from "zod";
import { formatErrors, TsworkerError } from "../../shared/errors.js";
import type { Payload } from "../../shared/wire.js";
import type { WorkerConfig } from "./config.js";
import { configIssues } from "./config-issues.js";
import {
  type Benchmark,
  type CheckedConfig,
  configSchema,
  type Handler,
  handlerName,
  queuePlace,
} from "./config-schema.js";
import { optionAdvice } from "./option-advice.js";
import { parserOf } from "./payload-schema.js";

/**
 * Checks a configuration and fills in the defaults.
 *
 * @throws TsworkerError `CONFIG_INVALID`, whose message lists all errors, each with its path, what was expected
 * and what came.
 */
export function checkConfig(config: WorkerConfig): CheckedConfig {
  const parsed = configSchema.safeParse(config);
  const issues = configIssues(config, parsed.error, (path, name) => optionAdvice(configSchema)(path, name));
  if (!parsed.success || issues.length > 0) {
    throw new TsworkerError("CONFIG_INVALID", formatErrors("the worker's configuration", issues));
  }
  const { data } = parsed;
  const handlers = data.handlers.map(checkedHandler);
  return {
    ...data,
    modelServer: serverOf(data.modelServerUrl, data.modelServerPort),
    handlers,
    benchmark: benchmarkOf(handlers),
    // The user's own object: its functions may be methods.
    lifecycle: config.lifecycle ?? undefined,
  };
}

function checkedHandler(handler: z.output<typeof configSchema>["handlers"][number]): Handler {
  const { payloadSchema } = handler;
  return {
    ...handler,
    name: handlerName(handler),
    modelRoute: handler.modelRoute ?? handler.route,
    ...queuePlace(handler),
    ...(payloadSchema !== undefined && { requestParser: parserOf(payloadSchema) }),
  };
}

function serverOf(url: string | undefined, port: number | undefined): string | undefined {
  if (url === undefined) return undefined;
  const server = new URL(url);
  // `URL` drops the default port of a scheme, but one that the user wrote takes precedence.
  const namesPort = /^[^/]*\/\/[^/?#]*:\d+(?:[/?#]|$)/.test(url);
  if (!namesPort && port !== undefined) server.port = String(port);
  return `${server.origin}${server.pathname.replace(/\/+$/, "")}`;
}

function benchmarkOf(handlers: readonly Handler[]): Benchmark {
  for (const handler of handlers) {
    if (handler.benchmarkConfig === undefined) continue;
    const { dataset = [], generator, runs, concurrency, doWarmup } = handler.benchmarkConfig;
    const draw = generator ?? (() => dataset[Math.floor(Math.random() * dataset.length)] ?? {});
    return {
      handler,
      // An object with fields of any names: a JSON object, whatever its declared type.
      payload: draw as () => Payload,
      runs,
      concurrency: Math.min(concurrency, handler.limit),
      doWarmup,
    };
  }
  throw new Error("unreachable: one handler has a benchmarkConfig");
}
