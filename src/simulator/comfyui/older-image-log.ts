import type { LoadingStep } from "../simulated-model.js";
import { type ComfyLog, downloads } from "./comfy-log.js";

const START = [
  "Total VRAM 24090 MB, total RAM 64213 MB",
  "pytorch version: 2.7.1+cu128",
  "Set vram state to: NORMAL_VRAM",
  "Device: cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync",
  "ComfyUI version: 0.3.49 (simulated)",
] as const;

const line = (share: number, ...texts: readonly string[]): LoadingStep => ({
  share,
  write: (log) => {
    for (const text of texts) log.line(text);
  },
});

/** The log of ComfyUI itself, which workers of older images read. */
export const olderImageLog: ComfyLog = {
  loading: [
    ...downloads(0.5),
    line(0.2, ...START),
    line(
      0.2,
      "Import times for custom nodes:",
      "   0.0 seconds: /workspace/ComfyUI/custom_nodes/websocket_image_save.py",
    ),
    line(0, "Starting server", ""),
    { ...line(0.1, "To see the GUI go to: http://127.0.0.1:18188"), isReadyLine: true },
  ],
  loadError: "file",
  crashed: (log) => {
    log.line("!!! Exception during processing !!! CUDA error: an illegal memory access was encountered");
    log.line("Traceback (most recent call last):");
    log.line('  File "/workspace/ComfyUI/execution.py", line 496, in execute');
    log.line("RuntimeError: CUDA error: an illegal memory access was encountered");
  },
  // It has no information about the wrapper's clients.
  answered: () => {},
  job: (log, _id, event) => {
    switch (event.kind) {
      case "submitted":
        return log.line("got prompt");
      case "refused": {
        const { error, node_errors } = event.refused;
        log.line("got prompt");
        for (const [id, { class_type, errors, dependent_outputs }] of Object.entries(node_errors)) {
          log.line(`Failed to validate prompt for output ${dependent_outputs[0] ?? ""}:`);
          log.line(`* ${class_type} ${id}:`);
          for (const { message, details } of errors) log.line(`  - ${message}: ${details}`);
          log.line("Output will be ignored");
        }
        const { type, message, details } = error;
        return log.line(
          `invalid prompt: {'type': '${type}', 'message': '${message}', 'details': "${details}", 'extra_info': {}}`,
        );
      }
      case "message": {
        const { type, data } = event.message;
        if (type !== "progress" || data.value !== data.max) return;
        return log.line(`100%|${"█".repeat(10)}| ${data.max}/${data.max}`);
      }
      case "done":
        return log.line(`Prompt executed in ${event.seconds.toFixed(2)} seconds`);
      case "left":
        return log.line("Processing interrupted");
      default:
    }
  },
};
