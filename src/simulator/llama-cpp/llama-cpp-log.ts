import { downloadLine, type ModelLog } from "../model-log.js";
import type { Answered, LoadingStep, SimulatedModel } from "../simulated-model.js";

/** Version, as the log and all answers have it. */
export const BUILD_INFO = "b8797-simulated";

/** Paths that are polled and not logged. */
const UNLOGGED: readonly (string | undefined)[] = ["/health", "/v1/models"];

interface LoadedModel {
  readonly model: string;
  readonly slots: number;
  /** Tokens of one slot. */
  readonly contextLength: number;
}

/** The log of llama.cpp's server, version b8797. */
export const llamaCppLog = {
  loading: ({ model, slots, contextLength }: LoadedModel): readonly LoadingStep[] => [
    {
      share: 0,
      write: (log) => {
        log.line(`build_info: ${BUILD_INFO}`);
        log.line("main: binding port with default address family");
        log.line("main: loading model");
        log.line(downloadLine(`Downloading ${model}`));
      },
    },
    {
      share: 0.3,
      write: (log) => {
        log.line(`srv    load_model: loading model '${model}'`);
        log.line("llama_model_loader: - type q4_K:  193 tensors");
      },
    },
    {
      share: 0.5,
      write: (log) => {
        log.line("load_tensors: offloaded 33/33 layers to GPU");
        log.line(`llama_kv_cache: size =  512.00 MiB (${contextLength} cells,  32 layers)`);
      },
    },
    {
      share: 0.2,
      write: (log) => {
        log.line(`srv    load_model: initializing slots, n_slots = ${slots}`);
        for (let slot = 0; slot < slots; slot += 1)
          log.line(`slot   load_model: id  ${slot} | task -1 | new slot, n_ctx = ${contextLength}`);
      },
    },
    { share: 0, write: (log) => log.line("main: model loaded"), isReadyLine: true },
    {
      share: 0,
      write: (log) => {
        log.line("main: server is listening on http://127.0.0.1:18000");
        log.line("main: starting the main loop...");
        log.line("srv  update_slots: all slots are idle");
      },
    },
  ],
  outOfMemory: (log: ModelLog): void => {
    log.line("ggml_backend_cuda_buffer_type_alloc_buffer: allocating 4095.05 MiB on device 0: out of memory");
    log.line("llama_model_load: error loading model: unable to allocate CUDA0 buffer");
    log.line("main: exiting due to model loading error");
    log.line("INFO exited: llama (exit status 1; not expected)");
  },
  crashed: (log: ModelLog): void => {
    log.line("ggml_cuda_compute_forward: MUL_MAT failed");
    log.line("CUDA error: an illegal memory access was encountered");
    log.line("INFO exited: llama (terminated by SIGABRT (core dumped); not expected)");
  },
  answered: (log: ModelLog, { from, request: { method, url }, status }: Answered): void => {
    const path = url?.split("?")[0];
    if (UNLOGGED.includes(path)) return;
    log.line(`srv  log_server_r: done request: ${method} ${path} ${from.replace(/:\d+$/, "")} ${status}`);
  },
} satisfies Pick<SimulatedModel, "outOfMemory" | "crashed" | "answered"> & {
  loading: (loaded: LoadedModel) => readonly LoadingStep[];
};
