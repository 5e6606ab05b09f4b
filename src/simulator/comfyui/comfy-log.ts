import type { ModelLog } from "../model-log.js";
import type { LoadingStep, SimulatedModel } from "../simulated-model.js";
import type { RefusedWorkflow } from "./check-workflow.js";
import type { ComfyMessage } from "./comfy-message.js";
import type { LoadError } from "./load-error.js";

/** What happens to a request of the wrapper's. */
export type JobEvent =
  | { readonly kind: "queued" }
  | { readonly kind: "submitted"; readonly promptId: string }
  | { readonly kind: "refused"; readonly refused: RefusedWorkflow }
  | { readonly kind: "told"; readonly message: ComfyMessage }
  | { readonly kind: "done"; readonly seconds: number; readonly outputs: number }
  | { readonly kind: "left" }
  | { readonly kind: "webhook failed"; readonly reason: string };

/** What is written to the log that a worker of one generation of images reads. */
export interface ComfyLog extends Pick<SimulatedModel, "crashed" | "answered"> {
  readonly loading: readonly LoadingStep[];
  /** Which fault it has where nobody says another. */
  readonly loadError: LoadError;
  job(log: ModelLog, id: string, event: JobEvent): void;
}
