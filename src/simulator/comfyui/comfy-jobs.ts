import { randomUUID } from "node:crypto";
import { Places } from "../places.js";
import type { Exchange } from "../simulated-model.js";
import { checkWorkflow } from "./check-workflow.js";
import type { ComfyLog, JobEvent } from "./comfy-log.js";
import type { ComfyMessage, NodeOutput } from "./comfy-message.js";
import { callWebhook, deliverOutputs } from "./deliver-outputs.js";
import type { GenerateRequest } from "./generate-request.js";
import type { GenerateResult, OutputEntry } from "./generate-result.js";
import type { OutputFiles } from "./output-files.js";
import type { Workflow } from "./workflow.js";
import { WorkflowRun } from "./workflow-run.js";

interface ComfyJobsInput {
  readonly comfyLog: ComfyLog;
  readonly files: OutputFiles;
  readonly stepMs: number;
  /** Told of what ComfyUI tells. */
  readonly tell: (message: ComfyMessage) => void;
}

/** Where the files of the workflows are on an instance. */
const OUTPUT_FOLDER = "/workspace/ComfyUI/output";
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
  async run(
    request: GenerateRequest,
    { signal, log, request: { headers } }: Exchange,
    onResult: (result: GenerateResult) => void,
  ): Promise<GenerateResult> {
    const { comfyLog, files } = this.#input;
    const job = (event: JobEvent): void => comfyLog.job(log, request.id, event);
    const arrivedAt = performance.now();
    const sinceArrival = (): number => Math.round(performance.now() - arrivedAt);
    let result: GenerateResult = {
      id: request.id,
      status: "pending",
      message: "Request queued.",
      comfyui_response: {},
      output: [],
      timings: {},
    };
    const become = (change: Partial<GenerateResult>): void => {
      result = { ...result, ...change };
      onResult(result);
    };
    job({ kind: "queued" });
    become({});
    try {
      await this.#places.enter(signal);
      const preprocess_ms = sinceArrival();
      let outputs: Readonly<Record<string, NodeOutput>>;
      const promptId = randomUUID();
      try {
        const checked = checkWorkflow(request.workflow);
        if ("refused" in checked) {
          job({ kind: "refused", refused: checked.refused });
          const reason = `ComfyUI API error: ${JSON.stringify(checked.refused)}`;
          become({ status: "failed", message: `Generation failed: ${reason}`, timings: { preprocess_ms } });
          return result;
        }
        job({ kind: "submitted", promptId });
        become({ status: "generating", message: `Generation started (ComfyUI job: ${promptId})` });
        const onMessage = (message: ComfyMessage): void => {
          if (message.type === "progress") this.#steps += 1;
          job({ kind: "told", message });
          this.#input.tell(message);
          const text = words(message);
          if (text !== undefined) become({ message: text });
        };
        outputs = await this.#execute(promptId, checked.workflow, onMessage, signal);
      } finally {
        this.#places.leave();
      }
      const generation_ms = sinceArrival() - preprocess_ms;
      become({ status: "generated", message: "Generation complete. Queued for post-processing." });
      const entries = entriesOf(outputs, request.id);
      const output = await deliverOutputs(entries, request, files);
      job({ kind: "done", seconds: generation_ms / 1000, outputs: entries.length });
      const timings = {
        preprocess_ms,
        generation_ms,
        postprocess_ms: sinceArrival() - preprocess_ms - generation_ms,
      };
      const wantsHistory = headers["x-include-comfyui-response"] === "1";
      const comfyui_response = wantsHistory ? this.history(promptId) : {};
      become({ status: "completed", message: "Processing complete.", comfyui_response, output, timings });
      return result;
    } catch (error) {
      if (signal.aborted) job({ kind: "left" });
      throw error;
    } finally {
      const failure = request.webhook && !signal.aborted && (await callWebhook(request.webhook, result));
      if (failure) job({ kind: "webhook failed", reason: failure });
    }
  }

  async #execute(
    promptId: string,
    workflow: Workflow,
    tell: (message: ComfyMessage) => void,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, NodeOutput>>> {
    const { files, stepMs } = this.#input;
    const outputs = await new WorkflowRun({ promptId, workflow, files, stepMs, tell, signal }).run();
    const status = { status_str: "success", completed: true };
    this.#history.set(promptId, { prompt: [0, promptId, workflow], outputs, status });
    const [oldest] = this.#history.keys();
    if (oldest !== undefined && this.#history.size > KEPT) this.#history.delete(oldest);
    return outputs;
  }
}

/** How the wrapper says what ComfyUI tells; undefined where it says nothing of it. */
function words({ type, data }: ComfyMessage): string | undefined {
  if (type === "execution_start") return "Execution started...";
  if (type === "executing" && data.node !== null) return `Processing node: ${data.node}`;
  if (type !== "progress") return undefined;
  return `Progress: ${((100 * data.value) / data.max).toFixed(1)}% (${data.value}/${data.max})`;
}

function entriesOf(outputs: Readonly<Record<string, NodeOutput>>, id: string): readonly OutputEntry[] {
  return Object.entries(outputs).flatMap(([node_id, kinds]) =>
    Object.entries(kinds).flatMap(([output_type, files]) =>
      files.flatMap((file) => {
        if (typeof file === "boolean") return [];
        const local_path = `${OUTPUT_FOLDER}/${id}/${file.filename}`;
        return [{ ...file, local_path, node_id, output_type }];
      }),
    ),
  );
}
