import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Engine, EngineOptions } from "../../src/engine/index.js";
import type { ModelSimulator } from "../../src/simulator/model-simulator.js";
import { eventually } from "./eventually.js";
import type { SimulatedVllmOptions } from "./simulated-vllm.js";
import { startedEngine } from "./started-engine.js";
import { startedModel } from "./started-model.js";
import { WorkerProcess } from "./worker-process.js";

interface LoadFixture {
  readonly engine: Engine;
  readonly models: readonly ModelSimulator[];
  readonly workers: readonly WorkerProcess[];
}

/** An engine with two worker processes that are ready, each with a simulated model; stopped when the test is over. */
export async function loadFixture(
  modelOptions: SimulatedVllmOptions = {},
  engineOptions: Partial<EngineOptions> = {},
): Promise<LoadFixture> {
  const engine = await startedEngine(engineOptions);
  const pairs = await Promise.all(
    [1, 2].map(async (id) => {
      const { model, url, logFile } = await startedModel(modelOptions);
      const directory = await mkdtemp(join(tmpdir(), "tsworker-load-"));
      // As if measured by an earlier start: only the test then sends requests to the model.
      await writeFile(join(directory, ".has_benchmark"), "1000");
      const worker = await WorkerProcess.start({
        engineUrl: engine.url,
        directory,
        env: { CONTAINER_ID: String(id) },
        config: {
          modelServerUrl: url,
          modelLogFile: logFile,
          logActionConfig: { onLoad: ["Application startup complete."], onError: [], onInfo: [] },
          handlers: [
            {
              route: "/v1/completions",
              allowParallelRequests: true,
              maxQueueTime: null,
              workloadCalculator: "maxTokens",
              benchmarkConfig: { dataset: [{ prompt: "hello", max_tokens: 5 }], runs: 1, concurrency: 1 },
            },
          ],
        },
      });
      onTestFinished(async () => {
        await worker.kill();
        await rm(directory, { recursive: true, force: true });
      });
      return { model, worker };
    }),
  );
  await eventually(() => engine.workers.filter(({ state }) => state === "idle").length === 2);
  return { engine, models: pairs.map(({ model }) => model), workers: pairs.map(({ worker }) => worker) };
}
