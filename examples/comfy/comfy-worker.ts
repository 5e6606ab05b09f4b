import { type BenchmarkConfig, type HandlerConfig, type Payload, Worker } from "tsworker";
import { checkInput } from "./check-input.js";
import { comfyAddresses } from "./comfy-addresses.js";
import { FileFetcher } from "./file-fetcher.js";
import { NodeCatalog } from "./node-catalog.js";

interface ComfyWorkerOptions {
  /** What a request costs, whatever it asks for. */
  readonly workload: number;
  readonly benchmark: BenchmarkConfig;
}

/** A worker in front of ComfyUI's API wrapper, which does one workflow after the other. */
export function comfyWorker({ workload, benchmark }: ComfyWorkerOptions): Worker {
  const port = Number(process.env.MODEL_PORT || 18288);
  const addresses = comfyAddresses(port, process.env.COMFYUI_URL);
  const catalog = new NodeCatalog(addresses);
  const files = new FileFetcher(addresses);
  const generation = {
    maxQueueTime: 10,
    workloadCalculator: () => workload,
    requestParser: (payload: Payload) => checkInput(payload, catalog),
    responseGenerator: (_request, answer) => files.addTo(answer),
  } satisfies Partial<HandlerConfig>;

  return new Worker({
    modelServerUrl: "http://127.0.0.1",
    modelServerPort: port,
    modelLogFile: process.env.MODEL_LOG || "/var/log/portal/api-wrapper.log",
    modelHealthcheckUrl: "/health",
    // A log that never has the line does not keep the worker waiting.
    readiness: "either",
    handlers: [
      { ...generation, route: "/generate/sync", benchmarkConfig: benchmark },
      { ...generation, route: "/generate/stream" },
    ],
    logActionConfig: {
      // ComfyUI's own log, in older images, and the wrapper's. A workflow that is logged has quotes or braces before such words.
      onLoad: [/^(?:\[[^\]]*\] )?To see the GUI go to: /, /^[^"'{]*\bBACKENDS_READY\b/],
      // Nothing that one bad workflow can cause.
      onError: [
        /^[^"'{]*\bBACKENDS_READY_TIMEOUT\b/,
        /^[^"'{]*\bBACKEND_UNRECOVERABLE\b/,
        /^ERROR: +Application startup failed\b/,
      ],
      onInfo: ['"message":"Downloading'],
    },
    lifecycle: { start: () => catalog.start(), stop: () => catalog.stop() },
  });
}
