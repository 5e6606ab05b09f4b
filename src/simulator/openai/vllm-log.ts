import { accessLine } from "../access-line.js";
import type { LoadingStep } from "../simulated-model.js";
import type { ServerLog } from "./server-log.js";

const SHARDS = 4;
/** Lines that tell how the weights are read; they take this share of the time. */
const WEIGHTS = 0.6;

function shard(number: number): LoadingStep {
  const percent = String(Math.round((100 * number) / SHARDS)).padStart(3);
  return {
    share: number === 0 ? 0 : WEIGHTS / SHARDS,
    write: (log) =>
      log.line(`Loading safetensors checkpoint shards: ${percent}% Completed | ${number}/${SHARDS}`),
  };
}

/** The log of vLLM. */
export const vllmLog: ServerLog = {
  loading: (model) => [
    {
      share: 0,
      write: (log) => {
        log.info("api_server.py:1289", "vLLM API server version 0.10.1 (simulated)");
        log.info(
          "core.py:58",
          `Initializing a V1 LLM engine with config: model='${model}', dtype=torch.bfloat16`,
        );
      },
    },
    {
      share: 0.1,
      write: (log) => log.info("gpu_model_runner.py:1843", `Starting to load model ${model}...`),
    },
    ...Array.from({ length: SHARDS + 1 }, (_, number) => shard(number)),
    {
      share: 0.2,
      write: (log) => {
        log.info("kv_cache_utils.py:833", "GPU KV cache size: 415,216 tokens");
        log.info("gpu_model_runner.py:2485", "Graph capturing finished");
        log.server(`Started server process [${process.pid}]`);
        log.server("Waiting for application startup.");
      },
    },
    { share: 0.1, write: (log) => log.server("Application startup complete."), isReadyLine: true },
  ],
  outOfMemory: (log) => {
    log.error("core.py:632", "EngineCore failed to start.");
    log.line("Traceback (most recent call last):");
    log.line('  File "/usr/lib/python3/site-packages/vllm/v1/engine/core.py", line 623, in run_engine_core');
    log.line("    engine_core = EngineCoreProc(*args, **kwargs)");
    log.line("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.");
    log.line("RuntimeError: Engine core initialization failed. See root cause above.");
  },
  crashed: (log) => {
    log.error("async_llm.py:480", "AsyncLLM output_handler failed.");
    log.line("Traceback (most recent call last):");
    log.line(
      '  File "/usr/lib/python3/site-packages/vllm/v1/engine/core_client.py", line 699, in get_output',
    );
    log.line("    raise self._format_exception(outputs) from None");
    log.line("RuntimeError: Engine core died unexpectedly: CUDA error: an illegal memory access");
  },
  answered: (log, answered) => log.server(accessLine(answered)),
};
