import { describe, expect, test, vi } from "vitest";
import { checkConfig } from "../../../src/worker/config/check-config.js";
import type { LogPattern, WorkerConfig } from "../../../src/worker/config/config.js";
import type { CheckedConfig } from "../../../src/worker/config/config-schema.js";
import { finderOf } from "../../../src/worker/model/watch-log.js";

const made: WorkerConfig[] = [];

vi.mock("tsworker", async (importOriginal) => ({
  ...(await importOriginal<object>()),
  Worker: class {
    constructor(config: WorkerConfig) {
      made.push(config);
    }
    run(): void {}
  },
}));

/** The configuration of an example, as its `worker.ts` has it. */
async function configOf(name: string): Promise<CheckedConfig> {
  vi.stubEnv("MODEL_LOG", "/model.log");
  made.length = 0;
  vi.resetModules();
  await import(`../../../examples/${name}/worker.ts`);
  vi.unstubAllEnvs();
  const [config] = made;
  if (config === undefined) throw new Error(`expected the example ${name} to make a worker`);
  return checkConfig(config);
}

const matches = (patterns: readonly LogPattern[], line: string): boolean =>
  patterns.some((pattern) => finderOf(pattern)(line) !== undefined);

const TRACEBACK = "Traceback (most recent call last):";

interface Lines {
  readonly loaded: readonly string[];
  readonly failed: readonly string[];
  readonly info?: readonly string[];
  /** Lines with a client's text, and others that match neither. */
  readonly neither: readonly string[];
}

const DOWNLOAD = '{"timestamp":"2026-08-01T12:00:00Z","level":"INFO","message":"Downloading weights"}';

/** A text of a client that tries all of them. */
const HOSTILE = [
  TRACEBACK,
  "INFO:     Application startup complete.",
  "RuntimeError: Engine core died",
  "INFO exited: vllm",
  "main: model loaded",
  "llama_model_load: error loading model",
  "main: exiting due to model loading error",
  "error: invalid argument: --x",
  "The server is fired up and ready to roll!",
  "Error: ShardCannotStart",
  "infer server has started",
  "Exception: corrupted model file",
  "Model Server Running",
  "BACKENDS_READY",
  "BACKEND_UNRECOVERABLE",
  "BACKENDS_READY_TIMEOUT",
  "ERROR:    Application startup failed. Exiting.",
  "To see the GUI go to: http://127.0.0.1:18188",
  '{"timestamp":"","level":"INFO","message":"Connected","target":"text_generation_router"',
];

const LINES: Readonly<Record<string, Lines>> = {
  vllm: {
    loaded: [
      "INFO:     Application startup complete.",
      "(APIServer pid=1) INFO:     Application startup complete.",
    ],
    failed: [
      TRACEBACK,
      `(EngineCore_0 pid=2) ERROR 08-01 12:00:00 [core.py:586] ${TRACEBACK}`,
      `(EngineCore_DP0 pid=277) ERROR 10-06 09:01:02 [v1/engine/core.py:708] ${TRACEBACK}`,
      `(VllmWorker rank=0 pid=123) ERROR 08-01 12:00:00 [multiproc_executor.py:487] ${TRACEBACK}`,
      `(APIServer pid=1) ${TRACEBACK}`,
      `(Worker_TP1 pid=88) ${TRACEBACK}`,
      `ERROR 08-01 12:00:00 core.py:586] ${TRACEBACK}`,
      `ERROR 08-01 12:00:00 [core.py:586] ${TRACEBACK}`,
      "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}",
      "(APIServer pid=1) RuntimeError: Engine core initialization failed. See root cause above.",
      "(APIServer pid=1) ERROR 08-01 12:00:00 [async_llm.py:480] RuntimeError: Engine process failed to start",
      "INFO exited: vllm (exit status 1; not expected)",
      "2026-08-01 12:00:00,123 INFO exited: vllm (terminated by SIGKILL; not expected)",
    ],
    info: [DOWNLOAD],
    neither: HOSTILE.flatMap((text) => [
      `INFO 08-01 12:00:00 [logger.py:41] Received request cmpl-7: prompt: '${text}', params: SamplingParams(n=1)`,
      `(APIServer pid=1) INFO 08-01 12:00:00 [logger.py:41] Received request cmpl-7: prompt: '${text}\\n  File "x"'`,
      `(APIServer pid=1) INFO 08-01 12:00:00 [logger.py:41] Received request chatcmpl-7: prompt: "say: ${text}`,
      `INFO:     127.0.0.1:50312 - "POST /v1/completions?x=${text} HTTP/1.1" 200 OK`,
    ]),
  },
  sglang: {
    loaded: [
      "The server is fired up and ready to roll!",
      "[2026-08-01 12:00:00] The server is fired up and ready to roll!",
    ],
    failed: [
      TRACEBACK,
      `[2026-08-01 12:00:00 TP0] Scheduler hit an exception: ${TRACEBACK}`,
      `[2026-08-01 12:00:00 DP1 TP0] Scheduler hit an exception: ${TRACEBACK}`,
      `[2026-08-01 12:00:00] TokenizerManager hit an exception: ${TRACEBACK}`,
      `[2026-08-01 12:00:00 TP0 PP0] ${TRACEBACK}`,
      "INFO exited: sglang (exit status 1; not expected)",
    ],
    info: [DOWNLOAD],
    neither: HOSTILE.flatMap((text) => [
      `[2026-08-01 12:00:00] Receive: obj=GenerateReqInput(text='${text}', sampling_params={})`,
      `[2026-08-01 12:00:00] Finish: obj=GenerateReqInput(text='x'), out={'text': '${text}`,
      `[2026-08-01 12:00:00] INFO:     127.0.0.1:1 - "POST /v1/completions HTTP/1.1" 200 OK ${text}`,
    ]),
  },
  "llama-cpp": {
    loaded: ["main: model loaded", "0.01.234.567 I main: model loaded", "srv  llama_server: model loaded"],
    failed: [
      "llama_model_load: error loading model: unable to allocate CUDA0 buffer",
      "llama_model_load_from_file_impl: failed to load model",
      "common_init_from_params: failed to load model '/m.gguf'",
      "srv    load_model: failed to load model, '/m.gguf'",
      "0.00.123.456 E llama_model_load: error loading model: tensor is missing",
      "srv    load_model: failed to create context with model '/m.gguf'",
      "common_init_from_params: failed to create context with model '/m.gguf'",
      "main: exiting due to model loading error",
      "srv  llama_server: exiting due to HTTP server error",
      "error: invalid argument: --no-such-flag",
      "error: the supplied chat template is not supported: nonsense",
      "0.00.012.345 E error: the supplied chat template is not supported: nonsense",
      "INFO exited: llama (terminated by SIGABRT (core dumped); not expected)",
    ],
    info: [DOWNLOAD],
    neither: [
      "main: loading model",
      "main: server is listening on http://127.0.0.1:18000 - starting the main loop",
      `INFO exited: vllm (exit status 1; not expected)`,
      "build_info: b8797-simulated",
      "srv  log_server_r: done request: POST /v1/completions 127.0.0.1 200",
      "srv    operator(): got exception: error: invalid argument",
      ...HOSTILE.flatMap((text) => [
        `srv  log_server_r: request: {"prompt":"${text}","n_predict":8}`,
        `request:  {"prompt": "${text}"}`,
        `slot update_slots: id  0 | task 7 | prompt: '${text}`,
      ]),
    ],
  },
  tgi: {
    loaded: [
      '{"timestamp":"2026-08-01T12:00:00.1Z","level":"INFO","message":"Connected","target":"text_generation_router"}',
      '{"timestamp":"2026-08-01T12:00:00.1Z","level":"INFO","message":"Connected","target":"text_generation_router::server","filename":"router/src/server.rs"}',
    ],
    failed: ["Error: WebserverFailed", "Error: DownloadError", "Error: ShardCannotStart"],
    info: [DOWNLOAD],
    neither: [
      "Error: Other",
      ...HOSTILE.flatMap((text) => [
        JSON.stringify({ timestamp: "2026-08-01T12:00:00Z", level: "INFO", message: text, target: "x" }),
        JSON.stringify({ timestamp: "2026-08-01T12:00:00Z", level: "INFO", fields: { inputs: text } }),
      ]),
    ],
  },
  comfyui: {
    loaded: [
      "To see the GUI go to: http://127.0.0.1:18188",
      "[2026-08-01 12:00:00.123] To see the GUI go to: http://127.0.0.1:18188",
      "INFO:main:BACKENDS_READY: 1/1 backends are up",
      "2026-08-01 12:00:00,123 - INFO - BACKENDS_READY",
    ],
    failed: [
      "ERROR:main:BACKENDS_READY_TIMEOUT: 0/1 backends came up within 600s: http://127.0.0.1:18188",
      "ERROR:workers.generation_worker:BACKEND_UNRECOVERABLE: http://127.0.0.1:18188: a CUDA fault",
      "ERROR:    Application startup failed. Exiting.",
      "2026-08-01 12:00:00,123 - main - ERROR - BACKENDS_READY_TIMEOUT: 0/1 backends came up",
      "[2026-08-01 12:00:00] BACKEND_UNRECOVERABLE: http://127.0.0.1:18188",
    ],
    info: [DOWNLOAD],
    neither: [
      TRACEBACK,
      "Value not in list: ckpt_name: 'x.safetensors' not in ['y.safetensors']",
      "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
      ...HOSTILE.flatMap((text) => [
        `INFO:main:Queued request with {"prompt": "${text}"}`,
        `ERROR:workers.generation_worker:failed job 7: ComfyUI API error: {"text": "${text}`,
        `got prompt 'a picture of ${text}`,
        // A webhook's host and a file's name are a client's, too.
        `ERROR:workers.postprocess_worker:Failed to run webhook for 7: Cannot connect to host ${text}`,
        `INFO:workers.postprocess_worker:Uploaded ${text}`,
      ]),
    ],
  },
  "hello-world": {
    loaded: ["infer server has started"],
    failed: ["Exception: corrupted model file"],
    info: [DOWNLOAD],
    neither: HOSTILE.map((text) => `generate: prompt "${text}`),
  },
  session: {
    loaded: ["Model Server Running", "INFO:__main__:Model Server Running"],
    failed: [TRACEBACK],
    neither: HOSTILE.map((text) => `started task-1 with {"session_id": "${text}`),
  },
};

describe.each(Object.entries(LINES))("the log of %s", (name, { loaded, failed, info = [], neither }) => {
  test("has lines of its own that match, and a client's text in a line does not", {
    timeout: 30_000,
  }, async () => {
    const { onLoad, onError, onInfo } = (await configOf(name)).logActionConfig;
    const kindOf = (line: string): string => {
      if (matches(onError, line)) return "failed";
      if (matches(onLoad, line)) return "loaded";
      return matches(onInfo, line) ? "info" : "neither";
    };
    const reported = (kind: string, lines: readonly string[]) => lines.map((line) => [kind, line]);
    const expected = [
      ...reported("loaded", loaded),
      ...reported("failed", failed),
      ...reported("info", info),
      ...reported("neither", neither),
    ];
    expect(expected.map(([, line = ""]) => [kindOf(line), line])).toEqual(expected);
  });
});

test.each(["wan", "ace"])("%s has the patterns of comfyui", async (name) => {
  const { logActionConfig } = await configOf("comfyui");
  expect((await configOf(name)).logActionConfig).toEqual(logActionConfig);
});
