import type { Log } from "../../shared/log.js";
import type { TracingSettings } from "../config/tracing-settings.js";
import type { SpanCounts } from "../metrics/metrics-reading.js";
import type { RequestObserver } from "../request/admission.js";
import { spanObserver } from "./request-spans.js";
import { SpanExporter } from "./span-exporter.js";

/** Traces of a worker's requests. */
export interface Tracing {
  readonly observer: RequestObserver;
  readonly counts: () => SpanCounts;
  /**
   * Sends the last spans, in a few seconds at most.
   *
   * @param hurry ends the waiting.
   */
  close(hurry: AbortSignal): Promise<void>;
}

/** Records requests and sends their spans to a collector until it is closed. */
export function startTracing(settings: TracingSettings, log: Log): Tracing {
  const exporter = new SpanExporter(settings, log);
  const { url, sampler, ratio } = settings;
  log.info({ url, sampler, ratio }, "traces are sent");
  return {
    observer: spanObserver(settings, exporter),
    counts: () => exporter.counts,
    close: (hurry) => exporter.close(hurry),
  };
}
