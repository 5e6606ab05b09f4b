import type { LoadingStep, SimulatedModel } from "../simulated-model.js";

/** What one of the servers with OpenAI's interface writes to its log. */
export interface ServerLog extends Pick<SimulatedModel, "outOfMemory" | "crashed" | "answered"> {
  /** @param model name of the model. */
  loading(model: string): readonly LoadingStep[];
}
