import { Worker } from "../../index.js";
import { ModelSimulator } from "../../simulator/model-simulator.js";
import { OpenaiModel } from "../../simulator/openai/openai-model.js";

interface SimulatedWorkerOptions {
  readonly loadSeconds: number;
  readonly tokensPerSecond: number;
  readonly maxConcurrency: number;
}

/** Tokens of each request of the benchmark, which takes less than a second. */
const BENCHMARK_TOKENS = 32;

/** Runs `tsworker simulated-worker`. */
export async function run(options: SimulatedWorkerOptions): Promise<void> {
  const model = new ModelSimulator(new OpenaiModel("vllm", options), options);
  const url = new URL(await model.start());
  const workloadCalculator = ({ max_tokens }: { readonly max_tokens?: unknown }): number =>
    Number(max_tokens ?? 100);
  const worker = new Worker({
    modelServerUrl: `${url.protocol}//${url.hostname}`,
    modelServerPort: Number(url.port),
    modelHealthcheckUrl: "/health",
    readiness: "health",
    handlers: [
      {
        route: "/v1/completions",
        allowParallelRequests: true,
        workloadCalculator,
        benchmarkConfig: {
          generator: () => ({ model: "simulated/llm-8b", prompt: "hello", max_tokens: BENCHMARK_TOKENS }),
          runs: 1,
          concurrency: options.maxConcurrency,
          doWarmup: false,
        },
      },
      { route: "/v1/chat/completions", allowParallelRequests: true, workloadCalculator },
    ],
  });
  await worker.run();
  await model.stop();
}
