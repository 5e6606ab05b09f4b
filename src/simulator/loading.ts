import { setTimeout as sleep } from "node:timers/promises";
import type { ModelLog } from "./model-log.js";

interface LoadingInput {
  readonly log: ModelLog;
  readonly model: string;
  readonly seconds: number;
  readonly signal: AbortSignal;
}

const SHARDS = 4;

/**
 * Loads the model, as far as anybody can see: the lines that vLLM logs while it does, spread over the time
 * it takes. The weights take two thirds of it.
 *
 * @throws an `AbortError` when the signal is aborted.
 */
export async function loading({ log, model, seconds, signal }: LoadingInput): Promise<void> {
  const pause = (share: number) => sleep(seconds * share * 1000, undefined, { signal });
  log.info("api_server.py:1289", "vLLM API server version 0.10.1 (simulated)");
  log.info("core.py:58", `Initializing a V1 LLM engine with config: model='${model}', dtype=torch.bfloat16`);
  await pause(0.1);
  log.info("gpu_model_runner.py:1843", `Starting to load model ${model}...`);
  for (let shard = 0; shard <= SHARDS; shard += 1) {
    if (shard > 0) await pause(0.6 / SHARDS);
    const percent = String(Math.round((100 * shard) / SHARDS)).padStart(3);
    log.line(`Loading safetensors checkpoint shards: ${percent}% Completed | ${shard}/${SHARDS}`);
  }
  log.info("default_loader.py:262", `Loading weights took ${(seconds * 0.6).toFixed(2)} seconds`);
  await pause(0.2);
  log.info("kv_cache_utils.py:833", "GPU KV cache size: 415,216 tokens");
  log.info("gpu_model_runner.py:2485", "Graph capturing finished");
  log.server(`Started server process [${process.pid}]`);
  log.server("Waiting for application startup.");
  await pause(0.1);
  log.server("Application startup complete.");
}
