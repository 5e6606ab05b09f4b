import { downloadLine } from "../download-line.js";
import type { ModelLog } from "../model-log.js";
import type { LoadingStep, SimulatedModel } from "../simulated-model.js";

type Target = "text_generation_launcher" | "text_generation_router" | "text_generation_router::server";

/** A line of TGI with `--json-output`; the order of its parts is what readiness lines are told by. */
function say(log: ModelLog, target: Target, message: string, level = "INFO"): void {
  log.line(JSON.stringify({ timestamp: new Date().toISOString(), level, message, target }));
}

/** What TGI logs. */
export const tgiLog = {
  /** @param model name of the model. */
  loading: (model: string): readonly LoadingStep[] => [
    {
      share: 0,
      write: (log) => {
        say(log, "text_generation_launcher", `Args { model_id: "${model}", json_output: true } (simulated)`);
        say(log, "text_generation_launcher", "Starting check and download process");
        log.line(downloadLine("Download file: model-00001-of-00002.safetensors"));
      },
    },
    {
      share: 0.3,
      write: (log) => {
        log.line(downloadLine("Downloaded model-00002-of-00002.safetensors"));
        say(log, "text_generation_launcher", "Starting shard");
      },
    },
    { share: 0.4, write: (log) => say(log, "text_generation_launcher", "Shard ready") },
    {
      share: 0.2,
      write: (log) => {
        say(log, "text_generation_launcher", "Starting Webserver");
        say(log, "text_generation_router", "Warming up model");
      },
    },
    {
      share: 0.1,
      write: (log) => say(log, "text_generation_router::server", "Connected"),
      isReadyLine: true,
    },
  ],
  outOfMemory: (log) => {
    say(log, "text_generation_launcher", "CUDA out of memory. Tried to allocate 2.00 GiB", "ERROR");
    say(log, "text_generation_launcher", "Shard 0 failed to start", "ERROR");
    log.line("Error: ShardCannotStart");
  },
  crashed: (log) => {
    say(log, "text_generation_launcher", "Shard 0 crashed", "ERROR");
    say(log, "text_generation_launcher", "Terminating webserver");
    log.line("Error: WebserverFailed");
  },
  answered: (log, { request, status }) => {
    const level = status < 400 ? "INFO" : "ERROR";
    say(log, "text_generation_router::server", `${request.method} ${request.url} ${status}`, level);
  },
} satisfies Pick<SimulatedModel, "outOfMemory" | "crashed" | "answered"> & {
  loading: (model: string) => readonly LoadingStep[];
};
