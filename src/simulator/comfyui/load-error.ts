import type { ModelLog } from "../model-log.js";

/**
 * Reasons why a server does not start:
 *
 * - `file`: a model file is incomplete;
 * - `provisioning`: the script that downloads the model files failed;
 * - `startup`: the wrapper does not start;
 * - `backends`: the wrapper waits in vain for ComfyUI.
 */
export type LoadError = (typeof LOAD_ERRORS)[number];

/** Every {@link LoadError}. */
export const LOAD_ERRORS = ["file", "provisioning", "startup", "backends"] as const;

/** Logs the reason. */
export function writeLoadError(log: ModelLog, error: LoadError): void {
  for (const line of LINES[error]) log.line(line);
}

const LINES: Readonly<Record<LoadError, readonly string[]>> = {
  file: [
    "Traceback (most recent call last):",
    '  File "/workspace/ComfyUI/comfy/utils.py", line 61, in load_torch_file',
    '    with safetensors.safe_open(ckpt, framework="pt", device=device.type) as f:',
    "safetensors_rust.SafetensorError: Error while deserializing header: MetadataIncompleteBuffer",
  ],
  provisioning: ["[ERROR] Provisioning Script failed at line 112 with exit code 8"],
  startup: ["ERROR:    [Errno 98] Address already in use", "ERROR:    Application startup failed. Exiting."],
  backends: ["ERROR:main:BACKENDS_READY_TIMEOUT: 0/1 backends came up within 600s: http://127.0.0.1:18188"],
};
