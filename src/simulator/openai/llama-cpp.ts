import { downloadLine } from "../model-log.js";
import type { ServerTraits } from "./served-model.js";

const TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  404: "not_found_error",
  503: "unavailable_error",
};

/** The server of llama.cpp. */
export const llamaCpp: ServerTraits = {
  closing: "cpp-httplib",
  loading: (model) => [
    {
      share: 0,
      write: (log) => {
        log.line("build: 6100 (simulated) for x86_64-linux-gnu");
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
        log.line("llama_kv_cache: size =  512.00 MiB (  4096 cells,  32 layers)");
      },
    },
    {
      share: 0.2,
      write: (log) => log.line("srv          init: initializing slots, n_slots = 4"),
    },
    { share: 0, write: (log) => log.line("main: model loaded"), isReadyLine: true },
    { share: 0, write: (log) => log.line("srv  update_slots: all slots are idle") },
  ],
  outOfMemory: (log) => {
    log.line("ggml_backend_cuda_buffer_type_alloc_buffer: allocating 4095.05 MiB on device 0: out of memory");
    log.line("llama_model_load: error loading model: unable to allocate CUDA0 buffer");
    log.line("main: exiting due to model loading error");
    log.line("INFO exited: llama (exit status 1; not expected)");
  },
  crashed: (log) => {
    log.line("ggml_cuda_compute_forward: MUL_MAT failed");
    log.line("CUDA error: an illegal memory access was encountered");
    log.line("INFO exited: llama (terminated by SIGABRT (core dumped); not expected)");
  },
  answered: (log, { from, request, status }) =>
    log.line(`srv  log_server_r: request: ${request.method} ${request.url} ${from.split(":")[0]} ${status}`),
  left: (log, id) => log.line(`srv          stop: cancel task ${id}: the client went away`),
  isStrictAboutModel: false,
  refusal: (status, message) => ({
    error: {
      code: status,
      message,
      type: TYPES[status] ?? (status < 500 ? "invalid_request_error" : "server_error"),
    },
  }),
  tooLong: ({ limit, prompt, wanted }) =>
    `the request exceeds the available context size (${limit} tokens, got ${prompt + wanted}), try increasing it`,
};
