import { accessLine, downloadLine, type ModelLog } from "../model-log.js";
import { checkpointShards, pythonRefusal } from "./python-server.js";
import { CACHE_TOKENS, type ServerTraits } from "./served-model.js";

/** A line of vLLM: `INFO 11-21 06:35:00 [core.py:58] message`. */
function writeLine(log: ModelLog, level: "INFO" | "ERROR", source: string, message: string): void {
  log.line(`${level} ${timestamp(new Date())} [${source}] ${message}`);
}

/** `MM-DD hh:mm:ss` in local time. */
function timestamp(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Tokens of a block of the cache. */
const BLOCK_TOKENS = 16;

/** vLLM. */
export const vllm: ServerTraits = {
  closing: "uvicorn",
  loading: (model) => [
    {
      share: 0,
      write: (log) => {
        writeLine(log, "INFO", "api_server.py:1289", "vLLM API server version 0.10.1 (simulated)");
        writeLine(
          log,
          "INFO",
          "core.py:58",
          `Initializing a V1 LLM engine with config: model='${model}', dtype=torch.bfloat16`,
        );
      },
    },
    {
      share: 0.1,
      write: (log) => {
        writeLine(log, "INFO", "gpu_model_runner.py:1843", `Starting to load model ${model}...`);
        log.line(downloadLine(`Downloading the weights of ${model}`));
      },
    },
    ...checkpointShards(0.6),
    {
      share: 0.2,
      write: (log) => {
        writeLine(log, "INFO", "kv_cache_utils.py:833", "GPU KV cache size: 415,216 tokens");
        writeLine(log, "INFO", "gpu_model_runner.py:2485", "Graph capturing finished");
        log.server(`Started server process [${process.pid}]`);
        log.server("Waiting for application startup.");
      },
    },
    { share: 0.1, write: (log) => log.server("Application startup complete."), isReadyLine: true },
  ],
  outOfMemory: (log) => {
    writeLine(log, "ERROR", "core.py:632", "EngineCore failed to start.");
    log.line("Traceback (most recent call last):");
    log.line('  File "/usr/lib/python3/site-packages/vllm/v1/engine/core.py", line 623, in run_engine_core');
    log.line("    engine_core = EngineCoreProc(*args, **kwargs)");
    log.line("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.");
    log.line("RuntimeError: Engine core initialization failed. See root cause above.");
  },
  crashed: (log) => {
    writeLine(log, "ERROR", "async_llm.py:480", "AsyncLLM output_handler failed.");
    log.line("Traceback (most recent call last):");
    log.line(
      '  File "/usr/lib/python3/site-packages/vllm/v1/engine/core_client.py", line 699, in get_output',
    );
    log.line("    raise self._format_exception(outputs) from None");
    log.line("RuntimeError: Engine core died unexpectedly: CUDA error: an illegal memory access");
  },
  answered: (log, answered) => log.server(accessLine(answered)),
  left: (log, id) =>
    writeLine(log, "INFO", "async_llm.py:431", `Aborted request ${id}: the client went away.`),
  isStrictAboutModel: true,
  refusal: (status, message) => ({ error: pythonRefusal(status, message) }),
  tooLong: ({ limit, prompt, wanted }) =>
    `This model's maximum context length is ${limit} tokens. However, you requested ${prompt + wanted} tokens ` +
    `(${prompt} in the messages, ${wanted} in the completion). Please reduce the length of the messages or ` +
    "completion.",
  metrics: ({ model, waiting, running, cacheUsage }) => {
    const labels = `engine="0",model_name="${model}"`;
    return [
      `vllm:num_requests_running{${labels}} ${running}`,
      `vllm:num_requests_waiting{${labels}} ${waiting}`,
      `vllm:kv_cache_usage_perc{${labels}} ${cacheUsage}`,
      `vllm:cache_config_info{block_size="${BLOCK_TOKENS}",engine="0",num_gpu_blocks="${CACHE_TOKENS / BLOCK_TOKENS}"} 1`,
    ];
  },
};
