import { Semaphore } from "../../shared/semaphore.js";
import type { RouteContext } from "../simulated-model.js";
import { ComfyJob, type Executed } from "./comfy-job.js";
import type { ComfyLog } from "./comfy-log.js";
import type { ComfyMessage } from "./comfy-messages.js";
import type { GenerateRequest } from "./generate-request.js";
import type { GenerateResult } from "./generate-result.js";
import type { OutputFiles } from "./output-files.js";

interface ComfyJobsInput {
  readonly comfyLog: ComfyLog;
  readonly files: OutputFiles;
  readonly stepMs: number;
  /** Called with every message of ComfyUI's WebSocket. */
  readonly publish: (message: ComfyMessage) => void;
}

/** Entries of ComfyUI's history. */
const KEPT = 100;

/** The requests of the wrapper: one workflow at a time. */
export class ComfyJobs {
  readonly #input: ComfyJobsInput;
  readonly #slots = new Semaphore(1);
  readonly #history = new Map<string, object>();
  #steps = 0;

  constructor(input: ComfyJobsInput) {
    this.#input = input;
  }

  get waiting(): number {
    return this.#slots.waiting;
  }

  /** Sampling steps done. */
  get steps(): number {
    return this.#steps;
  }

  /** ComfyUI's history of a workflow, by its id; empty for an unknown one. */
  history(promptId: string): Readonly<Record<string, object>> {
    const kept = this.#history.get(promptId);
    return kept ? { [promptId]: kept } : {};
  }

  /**
   * @param onResult called with every change of the result.
   * @returns the result, also of a failure.
   * @throws the signal's reason.
   */
  run(
    request: GenerateRequest,
    { signal, log, request: { headers } }: RouteContext,
    onResult: (result: GenerateResult) => void,
  ): Promise<GenerateResult> {
    const { comfyLog, files, stepMs, publish } = this.#input;
    const job = new ComfyJob({
      ...{ request, files, stepMs, signal, onResult },
      slots: this.#slots,
      logEvent: (event) => comfyLog.job(log, request.id, event),
      publish: (message) => {
        if (message.type === "progress") this.#steps += 1;
        publish(message);
      },
      onExecuted: (executed) => {
        this.#keep(executed);
        return headers["x-include-comfyui-response"] === "1" ? this.history(executed.promptId) : {};
      },
    });
    return job.run();
  }

  #keep({ promptId, workflow, outputs }: Executed): void {
    const status = { status_str: "success", completed: true };
    this.#history.set(promptId, { prompt: [0, promptId, workflow], outputs, status });
    const [oldest] = this.#history.keys();
    if (oldest !== undefined && this.#history.size > KEPT) this.#history.delete(oldest);
  }
}
