import { accessLine, downloadLine, type ModelLog } from "../model-log.js";
import { checkpointShards, pythonRefusal } from "./python-server.js";
import type { ServerTraits } from "./served-model.js";

/** A line of SGLang: `[2026-11-21 06:35:00] message`. */
function writeLine(log: ModelLog, message: string): void {
  log.line(`[${new Date().toISOString().slice(0, 19).replace("T", " ")}] ${message}`);
}

/** SGLang. */
export const sglang: ServerTraits = {
  closing: "uvicorn",
  loading: (model) => [
    {
      share: 0,
      write: (log) => {
        writeLine(log, `server_args=ServerArgs(model_path='${model}', dtype='auto', tp_size=1) (simulated)`);
        writeLine(log, "Init torch distributed begin.");
      },
    },
    {
      share: 0.1,
      write: (log) => {
        writeLine(log, "Load weight begin. avail mem=78.52 GB");
        log.line(downloadLine(`Downloading the weights of ${model}`));
      },
    },
    ...checkpointShards(0.6),
    {
      share: 0.2,
      write: (log) => {
        writeLine(log, "Load weight end. dtype=torch.bfloat16, avail mem=63.41 GB, mem usage=15.11 GB.");
        writeLine(log, "KV Cache is allocated. #tokens: 415216, K size: 25.34 GB, V size: 25.34 GB");
        writeLine(log, "Capture cuda graph end. Time elapsed: 0.20 s. mem usage=0.42 GB.");
        writeLine(log, "INFO:     Application startup complete.");
      },
    },
    {
      share: 0.1,
      write: (log) => writeLine(log, "The server is fired up and ready to roll!"),
      isReadyLine: true,
    },
  ],
  outOfMemory: (log) => {
    writeLine(log, "Scheduler hit an exception: Traceback (most recent call last):");
    log.line('  File "/sgl-workspace/sglang/srt/managers/scheduler.py", line 2622, in run_scheduler_process');
    log.line("    scheduler = Scheduler(server_args, port_args, gpu_id, tp_rank, dp_rank)");
    log.line("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.");
  },
  crashed: (log) => {
    writeLine(log, "Scheduler hit an exception: Traceback (most recent call last):");
    log.line('  File "/sgl-workspace/sglang/srt/managers/scheduler.py", line 2654, in run_scheduler_process');
    log.line("    scheduler.event_loop_overlap()");
    log.line("RuntimeError: CUDA error: an illegal memory access was encountered");
    writeLine(log, "Received sigquit from a child process. It usually means the child failed.");
  },
  answered: (log, answered) => writeLine(log, `INFO:     ${accessLine(answered)}`),
  left: (log, id) => writeLine(log, `Abort request ${id}: the client went away.`),
  isStrictAboutModel: false,
  refusal: (status, message) => ({ object: "error", ...pythonRefusal(status, message) }),
  tooLong: ({ limit, prompt, wanted }) =>
    `Requested token count exceeds the model's maximum context length of ${limit} tokens. You requested a total ` +
    `of ${prompt + wanted} tokens: ${prompt} tokens from the input messages and ${wanted} tokens for the completion.`,
  metrics: ({ model, waiting, running, cacheUsage }) => {
    const labels = `model_name="${model}",tp_rank="0"`;
    return [
      `sglang:num_running_reqs{${labels}} ${running}`,
      `sglang:num_queue_reqs{${labels}} ${waiting}`,
      `sglang:token_usage{${labels}} ${cacheUsage}`,
    ];
  },
};
