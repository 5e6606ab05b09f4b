import { type Family, histogramSamples } from "./family.js";
import type { KeyMetrics } from "./key-metrics.js";

/** The metrics of each API key that has sent a request. */
export const keyFamilies: readonly Family<readonly KeyMetrics[]>[] = [
  {
    name: "tsworker_key_requests_total",
    type: "counter",
    help: "Requests that have ended, by name of the API key and outcome: success, error, cancelled or rejected (not admitted).",
    read: (keys) =>
      keys.flatMap(({ name: key, outcomes }) =>
        Object.entries(outcomes).map(([outcome, value]) => ({ value, labels: { key, outcome } })),
      ),
  },
  {
    name: "tsworker_key_workload_total",
    type: "counter",
    help: "Workload in units of the requests that have started, by name of the API key.",
    read: (keys) => keys.map(({ name: key, workload: value }) => ({ value, labels: { key } })),
  },
  {
    name: "tsworker_key_waiting",
    type: "gauge",
    help: "Requests that wait for their turn now, by name of the API key.",
    read: (keys) => keys.map(({ name: key, waiting: value }) => ({ value, labels: { key } })),
  },
  {
    name: "tsworker_key_wait_seconds",
    type: "histogram",
    help: "Seconds from a request's arrival to the start of its work, of requests that started, by name of the API key.",
    read: (keys) =>
      keys.flatMap(({ name: key, wait }) => histogramSamples("tsworker_key_wait_seconds", { key }, wait)),
  },
];
