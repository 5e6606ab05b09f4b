import { downloadLine, type ModelLog } from "../model-log.js";
import type { LoadingStep, SimulatedModel } from "../simulated-model.js";

type Target = "text_generation_launcher" | "text_generation_router" | "text_generation_router::server";

/** A line of TGI with `--json-output`. Readiness patterns depend on the order of its fields. */
function writeLine(log: ModelLog, target: Target, message: string, level = "INFO"): void {
  log.line(JSON.stringify({ timestamp: new Date().toISOString(), level, message, target }));
}

/** The log of text-generation-inference. */
export const tgiLog = {
  /** @param model name of the model. */
  loading: (model: string): readonly LoadingStep[] => [
    {
      share: 0,
      write: (log) => {
        writeLine(
          log,
          "text_generation_launcher",
          `Args { model_id: "${model}", json_output: true } (simulated)`,
        );
        writeLine(log, "text_generation_launcher", "Starting check and download process");
        log.line(downloadLine("Download file: model-00001-of-00002.safetensors"));
      },
    },
    {
      share: 0.3,
      write: (log) => {
        log.line(downloadLine("Downloaded model-00002-of-00002.safetensors"));
        writeLine(log, "text_generation_launcher", "Starting shard");
      },
    },
    { share: 0.4, write: (log) => writeLine(log, "text_generation_launcher", "Shard ready") },
    {
      share: 0.2,
      write: (log) => {
        writeLine(log, "text_generation_launcher", "Starting Webserver");
        writeLine(log, "text_generation_router", "Warming up model");
      },
    },
    {
      share: 0.1,
      write: (log) => writeLine(log, "text_generation_router::server", "Connected"),
      isReadyLine: true,
    },
  ],
  outOfMemory: (log) => {
    writeLine(log, "text_generation_launcher", "CUDA out of memory. Tried to allocate 2.00 GiB", "ERROR");
    writeLine(log, "text_generation_launcher", "Shard 0 failed to start", "ERROR");
    log.line("Error: ShardCannotStart");
  },
  crashed: (log) => {
    writeLine(log, "text_generation_launcher", "Shard 0 crashed", "ERROR");
    writeLine(log, "text_generation_launcher", "Terminating webserver");
    log.line("Error: WebserverFailed");
  },
  answered: (log, { request, status }) => {
    const level = status < 400 ? "INFO" : "ERROR";
    writeLine(log, "text_generation_router::server", `${request.method} ${request.url} ${status}`, level);
  },
} satisfies Pick<SimulatedModel, "outOfMemory" | "crashed" | "answered"> & {
  loading: (model: string) => readonly LoadingStep[];
};
