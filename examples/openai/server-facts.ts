/** What tells one model server with OpenAI's interface from another. */
export interface ServerFacts {
  /** Log file where `MODEL_LOG` names none; without either, the health URL alone tells that the model has loaded. */
  readonly logFile?: string;
  /** The line of its log when the model has loaded. Like the others it does not match what a client's text may bring into the log. */
  readonly loaded: RegExp;
  /** Lines of its log when it has failed. */
  readonly failed: readonly RegExp[];
  /** How its capacity is measured: requests at once, and rounds. */
  readonly benchmark: { readonly concurrency: number; readonly runs: number };
}
