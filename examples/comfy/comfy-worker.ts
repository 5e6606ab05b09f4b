import { type BenchmarkConfig, type HandlerConfig, type Payload, Worker } from "tsworker";
import { isHttpUrl, portVariable, textVariable, warn } from "../checks/variables.js";
import { checkInput } from "./check-input.js";
import { FileFetcher } from "./file-fetcher.js";
import { NodeCatalog } from "./node-catalog.js";
import { awaitComfy, ERROR_LINES, READY_LINES } from "./readiness.js";

interface ComfyWorkerOptions {
  /** Workload of every request. */
  readonly workload: number;
  readonly benchmark: BenchmarkConfig;
}

/** Port of ComfyUI itself on an instance. */
const COMFYUI_PORT = 18188;

/** A worker in front of ComfyUI's API wrapper, which executes one workflow after the other. */
export function comfyWorker({ workload, benchmark }: ComfyWorkerOptions): Worker {
  const port = portVariable("MODEL_PORT", 18288);
  const logFile = textVariable("MODEL_LOG") ?? "/var/log/portal/api-wrapper.log";
  const comfyUrls = comfyUrlsFor(port);
  const catalog = new NodeCatalog(comfyUrls);
  const files = new FileFetcher(comfyUrls);
  const generation = {
    maxQueueTime: 10,
    workloadCalculator: () => workload,
    requestParser: (payload: Payload) => checkInput(payload, catalog),
    responseGenerator: (_request, answer) => files.addTo(answer),
  } satisfies Partial<HandlerConfig>;

  return new Worker({
    modelServerUrl: "http://127.0.0.1",
    modelServerPort: port,
    modelLogFile: logFile,
    modelHealthcheckUrl: "/health",
    handlers: [
      { ...generation, route: "/generate/sync", benchmarkConfig: benchmark },
      { ...generation, route: "/generate/stream" },
    ],
    logActionConfig: { onLoad: READY_LINES, onError: ERROR_LINES, onInfo: ['"message":"Downloading'] },
    // The end of `start` means that the model has loaded.
    lifecycle: {
      start: (signal) => {
        catalog.start();
        return awaitComfy({ wrapperUrl: `http://127.0.0.1:${port}`, comfyUrls, logFile }, signal);
      },
      stop: () => catalog.stop(),
    },
  });
}

/**
 * Where ComfyUI itself may be, in the order of the tries: at `COMFYUI_URL`, or else behind the port of the
 * wrapper, where one server is both, and at its usual port.
 */
function comfyUrlsFor(wrapperPort: number): readonly string[] {
  const given = textVariable("COMFYUI_URL");
  if (given !== undefined && isHttpUrl(given)) return [given.replace(/\/$/, "")];
  const usual = [wrapperPort, COMFYUI_PORT].map((port) => `http://127.0.0.1:${port}`);
  if (given !== undefined)
    warn(
      "COMFYUI_URL",
      `expected an http URL, got ${JSON.stringify(given)}: ${usual.join(", then ")} is used`,
    );
  return usual;
}
