import type { RequestObserver, RequestTrace } from "./admission.js";

/** Forwards the events of a request to several traces. */
const forwarding = (traces: readonly RequestTrace[]): RequestTrace => ({
  modelHeaders: traces.find(({ modelHeaders }) => modelHeaders !== undefined)?.modelHeaders,
  admitted: (...details) => {
    for (const trace of traces) trace.admitted(...details);
  },
  started: () => {
    for (const trace of traces) trace.started();
  },
  firstByte: () => {
    for (const trace of traces) trace.firstByte();
  },
  ended: (...result) => {
    for (const trace of traces) trace.ended(...result);
  },
});

/**
 * One observer of several.
 *
 * @returns undefined without any, so that nothing is paid for a request.
 */
export function combined(observers: readonly (RequestObserver | undefined)[]): RequestObserver | undefined {
  const [first, ...others] = observers.filter((each) => each !== undefined);
  if (first === undefined || others.length === 0) return first;
  return {
    trace: (id, handler, head) => {
      const traces = [first, ...others].flatMap((each) => each.trace(id, handler, head) ?? []);
      return traces.length > 1 ? forwarding(traces) : traces[0];
    },
  };
}
