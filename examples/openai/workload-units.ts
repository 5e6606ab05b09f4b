/** Seconds that the work ahead of a request may take before the worker refuses it. */
export const MAX_QUEUE_TIME = 600;

/** The workload of a completion of 500 tokens, in which the routes that make no text are measured. */
const COMPLETION = 500;

/** The workload of what takes as long as that many completions: at least a tenth of one, at most eight. */
export function completions(count: number): number {
  return COMPLETION * Math.min(8, Math.max(0.1, Number.isFinite(count) ? count : 1));
}
