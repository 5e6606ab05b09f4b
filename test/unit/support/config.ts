import { TsworkerError } from "../../../src/shared/errors.js";
import { checkConfig } from "../../../src/worker/config/check-config.js";
import type { WorkerConfig } from "../../../src/worker/config/config.js";
import type { CheckedConfig } from "../../../src/worker/config/config-schema.js";
import type { HandlerConfig } from "../../../src/worker/config/handler-config.js";

export const BENCHMARK = { generator: () => ({ prompt: "hello" }) };

/** A minimal configuration of a worker; the test may replace parts. */
export function workerConfig(parts: Partial<WorkerConfig> = {}): WorkerConfig {
  return {
    modelServerUrl: "http://127.0.0.1",
    modelServerPort: 18000,
    handlers: [{ route: "/go", benchmarkConfig: BENCHMARK }],
    ...parts,
  };
}

/** A checked configuration of these handlers; the first is benchmarked unless another one is. */
export function checkedHandlers(...handlers: readonly HandlerConfig[]): CheckedConfig {
  const isBenchmarked = handlers.some(({ benchmarkConfig }) => benchmarkConfig !== undefined);
  return checkConfig(
    workerConfig({
      handlers: handlers.map((handler, index) =>
        index === 0 && !isBenchmarked ? { ...handler, benchmarkConfig: BENCHMARK } : handler,
      ),
    }),
  );
}

/** The faults that are found in something that may be no configuration at all, one per line. */
export function errorsOf(config: unknown): readonly string[] {
  try {
    checkConfig(config as WorkerConfig);
  } catch (error) {
    if (!(error instanceof TsworkerError) || error.code !== "CONFIG_INVALID") throw error;
    const [head, ...faults] = error.message.split("\n");
    if (
      head !==
      `the worker's configuration has ${faults.length === 1 ? "1 error" : `${faults.length} errors`}:`
    ) {
      throw new Error(`expected the number of faults, got ${head}`);
    }
    return faults.map((fault) => fault.trim());
  }
  return [];
}
