import type { Durations } from "./durations.js";
import { type Family, histogramSamples } from "./family.js";
import type { RouteMetrics } from "./route-metrics.js";

type Routes = readonly RouteMetrics[];

function histogram(name: string, help: string, of: (route: RouteMetrics) => Durations): Family<Routes> {
  return {
    name,
    type: "histogram",
    help,
    read: (routes) => routes.flatMap((each) => histogramSamples(name, { route: each.route }, of(each))),
  };
}

/** The metrics of each handler route. */
export const routeFamilies: readonly Family<Routes>[] = [
  {
    name: "tsworker_requests_total",
    type: "counter",
    help: "Requests that have ended, by handler route and outcome: success, error, cancelled (by the client) or rejected (not admitted).",
    read: (routes) =>
      routes.flatMap(({ route, outcomes }) =>
        Object.entries(outcomes).map(([outcome, value]) => ({ value, labels: { route, outcome } })),
      ),
  },
  {
    name: "tsworker_responses_total",
    type: "counter",
    help: "Requests that have ended, by handler route and HTTP status, the model's own included; 499 stands for a client that was gone.",
    read: (routes) =>
      routes.flatMap((each) =>
        Array.from(each.statuses(), ([status, value]) => ({ value, labels: { route: each.route, status } })),
      ),
  },
  {
    name: "tsworker_model_retries_total",
    type: "counter",
    help: "Requests that were sent to the model a second time, because it had closed the reused connection before it answered.",
    read: (routes) => routes.map(({ route, modelRetries }) => ({ value: modelRetries, labels: { route } })),
  },
  histogram(
    "tsworker_request_duration_seconds",
    "Seconds from a request's arrival to its end, of requests that ended as a success.",
    ({ latency }) => latency,
  ),
  histogram(
    "tsworker_request_time_to_first_byte_seconds",
    "Seconds from a request's arrival to the first byte of the handler's answer.",
    ({ timeToFirstByte }) => timeToFirstByte,
  ),
  histogram(
    "tsworker_request_queue_wait_seconds",
    "Seconds from a request's arrival to the start of its work, of requests that started.",
    ({ queueWait }) => queueWait,
  ),
];
