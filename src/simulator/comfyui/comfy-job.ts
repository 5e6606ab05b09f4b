import { randomUUID } from "node:crypto";
import type { Places } from "../places.js";
import { checkWorkflow } from "./check-workflow.js";
import type { JobEvent } from "./comfy-log.js";
import type { ComfyMessage, NodeOutput } from "./comfy-message.js";
import { callWebhook, deliverOutputs } from "./deliver-outputs.js";
import type { GenerateRequest } from "./generate-request.js";
import type { GenerateResult, OutputEntry } from "./generate-result.js";
import type { OutputFiles } from "./output-files.js";
import type { Workflow } from "./workflow.js";
import { WorkflowRun } from "./workflow-run.js";

/** A workflow that was executed. */
export interface Executed {
  readonly promptId: string;
  readonly workflow: Workflow;
  /** What its nodes have saved. */
  readonly outputs: Readonly<Record<string, NodeOutput>>;
}

interface ComfyJobInput {
  readonly request: GenerateRequest;
  readonly places: Places;
  readonly files: OutputFiles;
  readonly stepMs: number;
  readonly signal: AbortSignal;
  /** Writes to the log. */
  readonly note: (event: JobEvent) => void;
  /** Told of what ComfyUI tells. */
  readonly tell: (message: ComfyMessage) => void;
  /** Told how far the wrapper is. */
  readonly onResult: (result: GenerateResult) => void;
  /** @returns what the answer has of ComfyUI's history. */
  readonly onExecuted: (executed: Executed) => Readonly<Record<string, unknown>>;
}

/** Where the files of the workflows are on an instance. */
const OUTPUT_FOLDER = "/workspace/ComfyUI/output";

/** A request of the wrapper, from its arrival to its answer. */
export class ComfyJob {
  readonly #input: ComfyJobInput;
  /** When the phase that it is in began. */
  #since = performance.now();
  #result: GenerateResult;

  constructor(input: ComfyJobInput) {
    this.#input = input;
    const { id } = input.request;
    const message = "Request queued.";
    this.#result = { id, status: "pending", message, comfyui_response: {}, output: [], timings: {} };
  }

  /**
   * Carries it out.
   *
   * @returns what came of it, also where it failed.
   * @throws the signal's reason.
   */
  async run(): Promise<GenerateResult> {
    const { request, places, signal, note } = this.#input;
    note({ kind: "queued" });
    this.#become({});
    try {
      await places.enter(signal);
      this.#clock("preprocess_ms");
      const executed = await this.#generate().finally(() => places.leave());
      if (executed) await this.#deliver(executed);
    } catch (error) {
      if (signal.aborted) note({ kind: "left" });
      throw error;
    }
    const reason = request.webhook && (await callWebhook(request.webhook, this.#result, signal));
    if (reason !== undefined) note({ kind: "webhook failed", reason });
    return this.#result;
  }

  /** @returns undefined when ComfyUI refuses the workflow. */
  async #generate(): Promise<Executed | undefined> {
    const { request, files, stepMs, signal, note } = this.#input;
    const checked = checkWorkflow(request.workflow);
    if ("refused" in checked) {
      note({ kind: "refused", refused: checked.refused });
      const reason = `ComfyUI API error: ${JSON.stringify(checked.refused)}`;
      this.#become({ status: "failed", message: `Generation failed: ${reason}` });
      return undefined;
    }
    const { workflow } = checked;
    const promptId = randomUUID();
    note({ kind: "submitted", promptId });
    this.#become({ status: "generating", message: `Generation started (ComfyUI job: ${promptId})` });
    const tell = (message: ComfyMessage): void => this.#hear(message);
    const outputs = await new WorkflowRun({ promptId, workflow, files, stepMs, tell, signal }).run();
    return { promptId, workflow, outputs };
  }

  async #deliver(executed: Executed): Promise<void> {
    const { request, files, signal, note, onExecuted } = this.#input;
    const generationMs = this.#clock("generation_ms");
    this.#become({ status: "generated", message: "Generation complete. Queued for post-processing." });
    const output = await deliverOutputs(entriesOf(executed, request.id), request, files, signal);
    note({ kind: "done", seconds: generationMs / 1000, outputs: output.length });
    this.#clock("postprocess_ms");
    const comfyui_response = onExecuted(executed);
    this.#become({ status: "completed", message: "Processing complete.", comfyui_response, output });
  }

  #hear(message: ComfyMessage): void {
    this.#input.note({ kind: "told", message });
    this.#input.tell(message);
    const text = words(message);
    if (text !== undefined) this.#become({ message: text });
  }

  #become(change: Partial<GenerateResult>): void {
    this.#result = { ...this.#result, ...change };
    this.#input.onResult(this.#result);
  }

  /** Ends a phase. @returns its milliseconds. */
  #clock(phase: string): number {
    const now = performance.now();
    const milliseconds = Math.round(now - this.#since);
    this.#since = now;
    this.#result = { ...this.#result, timings: { ...this.#result.timings, [phase]: milliseconds } };
    return milliseconds;
  }
}

/** How the wrapper says what ComfyUI tells; undefined where it says nothing of it. */
function words({ type, data }: ComfyMessage): string | undefined {
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
