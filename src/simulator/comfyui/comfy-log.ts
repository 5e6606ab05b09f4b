import { downloadLine, type ModelLog } from "../model-log.js";
import type { LoadingStep, SimulatedModel } from "../simulated-model.js";
import type { RefusedWorkflow } from "./check-workflow.js";
import type { ComfyMessage } from "./comfy-messages.js";
import type { LoadError } from "./load-error.js";
import { MODEL_FILES } from "./node-classes.js";

/** An event in the life of a request of the wrapper. */
export type JobEvent =
  | { readonly kind: "queued" }
  | { readonly kind: "submitted"; readonly promptId: string }
  | { readonly kind: "refused"; readonly refused: RefusedWorkflow }
  | { readonly kind: "message"; readonly message: ComfyMessage }
  | { readonly kind: "done"; readonly seconds: number; readonly outputs: number }
  | { readonly kind: "left" }
  | { readonly kind: "webhook failed"; readonly reason: string };

/** The log that a worker of one generation of images reads. */
export interface ComfyLog extends Pick<SimulatedModel, "crashed" | "answered"> {
  readonly loading: readonly LoadingStep[];
  /** The default load error. */
  readonly loadError: LoadError;
  job(log: ModelLog, id: string, event: JobEvent): void;
}

/** Log lines of the download script. @param share of the loading time. */
export function downloads(share: number): readonly LoadingStep[] {
  return MODEL_FILES.map((file) => ({
    share: share / MODEL_FILES.length,
    write: (log) => log.line(downloadLine(`Downloading ${file}`)),
  }));
}
