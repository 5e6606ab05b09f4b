import type { ModelLog } from "../model-log.js";
import type { LoadingStep, SimulatedModel } from "../simulated-model.js";

/** What tells one server with OpenAI's interface from another: its log and its refusals. */
export interface ServerTraits
  extends Pick<SimulatedModel, "closing" | "outOfMemory" | "crashed" | "answered" | "refusal"> {
  /** @param model name of the model. */
  loading(model: string): readonly LoadingStep[];
  /** Tells in the log that a client went away before its answer was over. */
  left(log: ModelLog, id: string): void;
  /** Whether a request that names another model than the one that is served is refused. */
  readonly isStrictAboutModel: boolean;
  /** What is said of a request that is longer than the model can take. */
  tooLong(excess: Excess): string;
}

/** A request that is longer than the model can take, in tokens. */
export interface Excess {
  readonly limit: number;
  readonly prompt: number;
  readonly wanted: number;
}
