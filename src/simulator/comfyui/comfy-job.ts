import { randomUUID } from "node:crypto";
import type { Semaphore } from "../../shared/semaphore.js";
import { checkWorkflow } from "./check-workflow.js";
import type { JobEvent } from "./comfy-log.js";
import type { ComfyMessage, NodeOutput } from "./comfy-messages.js";
import type { GenerateRequest } from "./generate-request.js";
import { callWebhook, deliverOutputs, type GenerateResult, type OutputEntry } from "./generate-result.js";
import type { OutputFiles } from "./output-files.js";
import type { Workflow } from "./workflow.js";
import { WorkflowRun } from "./workflow-run.js";

/** A workflow that was executed. */
export interface Executed {
  readonly promptId: string;
  readonly workflow: Workflow;
  /** Files that its nodes have saved. */
  readonly outputs: Readonly<Record<string, NodeOutput>>;
}

interface ComfyJobInput {
  readonly request: GenerateRequest;
  readonly slots: Semaphore;
  readonly files: OutputFiles;
  readonly stepMs: number;
  readonly signal: AbortSignal;
  /** Writes to the log. */
  readonly logEvent: (event: JobEvent) => void;
  /** Called with every message of ComfyUI's WebSocket. */
  readonly publish: (message: ComfyMessage) => void;
  /** Called with every change of the result. */
  readonly onResult: (result: GenerateResult) => void;
  /** @returns the part of ComfyUI's history that the answer includes. */
  readonly onExecuted: (executed: Executed) => Readonly<Record<string, unknown>>;
}

/** Where the files of the workflows are on an instance. */
const OUTPUT_FOLDER = "/workspace/ComfyUI/output";

/** A request of the wrapper, from its arrival to its answer. */
export class ComfyJob {
  readonly #input: ComfyJobInput;
  /** Start of the current phase. */
  #since = performance.now();
  #result: GenerateResult;

  constructor(input: ComfyJobInput) {
    this.#input = input;
    const { id } = input.request;
    const message = "Request queued.";
    this.#result = { id, status: "pending", message, comfyui_response: {}, output: [], timings: {} };
  }

  /**
   * @returns the result, also of a failure.
   * @throws the signal's reason.
   */
  async run(): Promise<GenerateResult> {
    const { request, slots, signal, logEvent } = this.#input;
    logEvent({ kind: "queued" });
    this.#update({});
    try {
      const release = await slots.acquire(signal);
      this.#endPhase("preprocess_ms");
      const executed = await this.#generate().finally(release);
      if (executed) await this.#deliver(executed);
    } catch (error) {
      if (signal.aborted) logEvent({ kind: "left" });
      throw error;
    }
    const reason = request.webhook && (await callWebhook(request.webhook, this.#result, signal));
    if (reason !== undefined) logEvent({ kind: "webhook failed", reason });
    return this.#result;
  }

  /** @returns undefined when ComfyUI refuses the workflow. */
  async #generate(): Promise<Executed | undefined> {
    const { request, files, stepMs, signal, logEvent } = this.#input;
    const checked = checkWorkflow(request.workflow);
    if ("refused" in checked) {
      logEvent({ kind: "refused", refused: checked.refused });
      const reason = `ComfyUI API error: ${JSON.stringify(checked.refused)}`;
      this.#update({ status: "failed", message: `Generation failed: ${reason}` });
      return undefined;
    }
    const { workflow } = checked;
    const promptId = randomUUID();
    logEvent({ kind: "submitted", promptId });
    this.#update({ status: "generating", message: `Generation started (ComfyUI job: ${promptId})` });
    const publish = (message: ComfyMessage): void => this.#onMessage(message);
    const outputs = await new WorkflowRun({ promptId, workflow, files, stepMs, publish, signal }).run();
    return { promptId, workflow, outputs };
  }

  async #deliver(executed: Executed): Promise<void> {
    const { request, files, signal, logEvent, onExecuted } = this.#input;
    const generationMs = this.#endPhase("generation_ms");
    this.#update({ status: "generated", message: "Generation complete. Queued for post-processing." });
    const output = await deliverOutputs(entriesOf(executed, request.id), request, files, signal);
    logEvent({ kind: "done", seconds: generationMs / 1000, outputs: output.length });
    this.#endPhase("postprocess_ms");
    const comfyui_response = onExecuted(executed);
    this.#update({ status: "completed", message: "Processing complete.", comfyui_response, output });
  }

  #onMessage(message: ComfyMessage): void {
    this.#input.logEvent({ kind: "message", message });
    this.#input.publish(message);
    const text = messageText(message);
    if (text !== undefined) this.#update({ message: text });
  }

  #update(change: Partial<GenerateResult>): void {
    this.#result = { ...this.#result, ...change };
    this.#input.onResult(this.#result);
  }

  /** Ends a phase. @returns its milliseconds. */
  #endPhase(phase: string): number {
    const now = performance.now();
    const milliseconds = Math.round(now - this.#since);
    this.#since = now;
    this.#result = { ...this.#result, timings: { ...this.#result.timings, [phase]: milliseconds } };
    return milliseconds;
  }
}

/** The wrapper's text about a message of ComfyUI; undefined: it has none. */
function messageText({ type, data }: ComfyMessage): string | undefined {
  if (type === "execution_start") return "Execution started...";
  if (type === "executing" && data.node !== null) return `Processing node: ${data.node}`;
  if (type !== "progress") return undefined;
  return `Progress: ${((100 * data.value) / data.max).toFixed(1)}% (${data.value}/${data.max})`;
}

function entriesOf({ outputs }: Executed, id: string): readonly OutputEntry[] {
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
