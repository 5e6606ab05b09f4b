/** What tells one model server with OpenAI's interface from another. */
export interface ServerFacts {
  /** Log file where `MODEL_LOG` names none; without either, the health URL alone tells that the model has loaded. */
  readonly logFile?: string;
  /** What its log says when the model has loaded. */
  readonly loaded: string;
  /** What its log says when it has failed, besides what all of them say. */
  readonly failed?: readonly string[];
  /** How its capacity is measured: requests at once, and rounds. */
  readonly benchmark: { readonly concurrency: number; readonly runs: number };
}
