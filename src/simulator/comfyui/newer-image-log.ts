import { accessLine } from "../model-log.js";
import { type ComfyLog, downloads } from "./comfy-log.js";

/** The log of the API wrapper, which workers of newer images read. */
export const newerImageLog: ComfyLog = {
  loading: [
    ...downloads(0.5),
    {
      share: 0.2,
      write: (log) => {
        log.server(`Started server process [${process.pid}]`);
        log.server("Waiting for application startup.");
        log.line("INFO:main:Workers initialized successfully");
        log.server("Application startup complete.");
        log.server("Uvicorn running on http://0.0.0.0:18288 (Press CTRL+C to quit)");
      },
    },
    { share: 0.2, write: (log) => log.line("INFO:main:Waiting for 1 backend: http://127.0.0.1:18188") },
    {
      share: 0.1,
      write: (log) => log.line("INFO:main:BACKENDS_READY: 1/1 backends are up (simulated)"),
      isReadyLine: true,
    },
  ],
  loadError: "backends",
  crashed: (log) => {
    log.line("ERROR:workers.generation_worker:CUDA error: an illegal memory access was encountered");
    log.line("ERROR:workers.generation_worker:BACKEND_UNRECOVERABLE: http://127.0.0.1:18188: a CUDA fault");
  },
  answered: (log, answered) => log.server(accessLine(answered)),
  job: (log, id, event) => {
    const generation = (text: string) => log.line(`INFO:workers.generation_worker:${text}`);
    switch (event.kind) {
      case "queued":
        return log.line(`INFO:main:Queued request ${id}`);
      case "submitted":
        return generation(`Submitted job ${id} to ComfyUI as ${event.promptId}`);
      case "refused": {
        const error = JSON.stringify(event.refused);
        return log.line(`ERROR:workers.generation_worker:failed job ${id}: ComfyUI API error: ${error}`);
      }
      case "message": {
        const { type, data } = event.message;
        if (type === "progress") {
          const percent = ((100 * data.value) / data.max).toFixed(1);
          generation(`Progress update: Progress: ${percent}% (${data.value}/${data.max})`);
        }
        return;
      }
      case "done":
        return log.line(`INFO:workers.postprocess_worker:Processed ${event.outputs} output files for ${id}`);
      case "left":
        return log.line(`INFO:main:"POST /generate" 499 DISCONNECTED for ${id}`);
      case "webhook failed":
        return log.line(`ERROR:workers.postprocess_worker:Failed to run webhook for ${id}: ${event.reason}`);
    }
  },
};
