import { Places } from "../places.js";
import type { Exchange } from "../simulated-model.js";
import { ComfyJob, type Executed } from "./comfy-job.js";
import type { ComfyLog } from "./comfy-log.js";
import type { ComfyMessage } from "./comfy-message.js";
import type { GenerateRequest } from "./generate-request.js";
import type { GenerateResult } from "./generate-result.js";
import type { OutputFiles } from "./output-files.js";

interface ComfyJobsInput {
  readonly comfyLog: ComfyLog;
  readonly files: OutputFiles;
  readonly stepMs: number;
  /** Told of what ComfyUI tells. */
  readonly tell: (message: ComfyMessage) => void;
}

/** Workflows whose results ComfyUI still knows. */
const KEPT = 100;

/** The requests of the wrapper: one workflow after the other. */
export class ComfyJobs {
  readonly #input: ComfyJobsInput;
  readonly #places = new Places(1);
  readonly #history = new Map<string, object>();
  #steps = 0;

  constructor(input: ComfyJobsInput) {
    this.#input = input;
  }

  get waiting(): number {
    return this.#places.waiting;
  }

  /** Sampling steps done. */
  get steps(): number {
    return this.#steps;
  }

  /** What ComfyUI keeps of a workflow, by its id; nothing of one that it does not know. */
  history(promptId: string): Readonly<Record<string, object>> {
    const kept = this.#history.get(promptId);
    return kept ? { [promptId]: kept } : {};
  }

  /**
   * Carries a request out.
   *
   * @param onResult told how far it is.
   * @returns what came of it, also where it failed.
   * @throws the signal's reason.
   */
  run(
    request: GenerateRequest,
    { signal, log, request: { headers } }: Exchange,
    onResult: (result: GenerateResult) => void,
  ): Promise<GenerateResult> {
    const { comfyLog, files, stepMs, tell } = this.#input;
    const job = new ComfyJob({
      ...{ request, files, stepMs, signal, onResult },
      places: this.#places,
      note: (event) => comfyLog.job(log, request.id, event),
      tell: (message) => {
        if (message.type === "progress") this.#steps += 1;
        tell(message);
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
