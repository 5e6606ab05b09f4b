import type { Payload } from "../wire.js";

/** Hears how a function went, once, unless it was cancelled. */
export interface FunctionSink {
  /** @param body what the client gets as JSON. */
  onResult(body: { readonly result: unknown }): void;
  onThrown(error: unknown): void;
}

/**
 * Calls a `remoteFunction`.
 *
 * @returns what aborts the function's signal; nothing is heard of it afterwards.
 */
export function callFunction(
  remoteFunction: (payload: Payload, signal: AbortSignal) => unknown,
  payload: Payload,
  sink: FunctionSink,
): { readonly hasBegun: false; cancel(): void } {
  const controller = new AbortController();
  const run = async (): Promise<void> => {
    try {
      const result = await remoteFunction(payload, controller.signal);
      // What cannot be told as JSON is the function's fault; a function without a value answers null.
      const body = JSON.parse(JSON.stringify({ result: result ?? null })) as { result: unknown };
      if (!controller.signal.aborted) sink.onResult(body);
    } catch (error) {
      if (!controller.signal.aborted) sink.onThrown(error);
    }
  };
  void run();
  return { hasBegun: false, cancel: () => controller.abort() };
}
