import { type Family, type Sample, single } from "./family.js";
import { LIFECYCLE_STATES, type MetricsReading, type QueueReading } from "./metrics-reading.js";

const ofQueues = ({ queues }: MetricsReading, numberOf: (queue: QueueReading) => number): readonly Sample[] =>
  queues.map((queue) => ({ value: numberOf(queue), labels: { queue: queue.name } }));

/** Seconds since a moment of `performance.now()`. */
const secondsSince = (moment: number | undefined): number =>
  moment === undefined ? 0 : (performance.now() - moment) / 1000;

/** The metrics of the worker as a whole. */
export const workerFamilies: readonly Family<MetricsReading>[] = [
  {
    name: "tsworker_state",
    type: "gauge",
    help: "State of the worker: 1 for the state in which it is, 0 for the others.",
    read: ({ state }) =>
      LIFECYCLE_STATES.map((each) => ({ value: each === state ? 1 : 0, labels: { state: each } })),
  },
  {
    name: "tsworker_queue_running_requests",
    type: "gauge",
    help: "Requests that are running now, by queue.",
    read: (reading) => ofQueues(reading, ({ running }) => running),
  },
  {
    name: "tsworker_queue_waiting_requests",
    type: "gauge",
    help: "Requests that wait for their turn now, by queue.",
    read: (reading) => ofQueues(reading, ({ waiting }) => waiting),
  },
  {
    name: "tsworker_queue_limit_requests",
    type: "gauge",
    help: "Requests that may run at once, by queue; +Inf where there is no limit.",
    read: (reading) => ofQueues(reading, ({ limit }) => limit),
  },
  {
    name: "tsworker_queue_oldest_wait_seconds",
    type: "gauge",
    help: "Seconds for which the request that waits longest has been waiting, by queue; 0 when none waits.",
    read: (reading) => ofQueues(reading, ({ oldestAt }) => secondsSince(oldestAt)),
  },
  {
    name: "tsworker_open_workload",
    type: "gauge",
    help: "Workload in units of the requests that wait or run now and of session reservations.",
    read: ({ openLoad }) => single(openLoad),
  },
  {
    name: "tsworker_workload_ahead",
    type: "gauge",
    help: "Workload in units that a new request would wait for: of the requests outside sessions that wait or run now.",
    read: ({ loadAhead }) => single(loadAhead),
  },
  {
    name: "tsworker_capacity_workload_per_second",
    type: "gauge",
    help: "Capacity in units of workload per second, as the benchmark measured it; absent before.",
    read: ({ capacity }) => (capacity === undefined ? [] : single(capacity)),
  },
  {
    name: "tsworker_open_sessions",
    type: "gauge",
    help: "Sessions that are open now.",
    read: ({ sessions }) => single(sessions),
  },
  {
    name: "tsworker_workload_received_total",
    type: "counter",
    help: "Workload in units of the requests and sessions that were admitted.",
    read: ({ workload }) => single(workload.received),
  },
  {
    name: "tsworker_workload_ended_total",
    type: "counter",
    help: "Workload in units of the requests and sessions that have ended, by outcome: success, error, cancelled or rejected (not admitted).",
    read: ({ workload }) => [
      { value: workload.served, labels: { outcome: "success" } },
      { value: workload.errored, labels: { outcome: "error" } },
      { value: workload.cancelled, labels: { outcome: "cancelled" } },
      { value: workload.rejected, labels: { outcome: "rejected" } },
    ],
  },
  {
    name: "tsworker_reports_total",
    type: "counter",
    help: "Attempts to deliver a report to the engine, by kind (status, ended) and result (delivered, failed).",
    read: ({ reports }) =>
      reports.flatMap(({ kind, delivered, failed }) => [
        { value: delivered, labels: { kind, result: "delivered" } },
        { value: failed, labels: { kind, result: "failed" } },
      ]),
  },
  {
    name: "tsworker_undelivered_ended_requests",
    type: "gauge",
    help: "Ended requests that were not reported yet.",
    read: ({ undelivered }) => single(undelivered),
  },
  {
    name: "tsworker_actor_replacements_total",
    type: "counter",
    help: "Actors of the worker that died and were replaced.",
    read: ({ replacedActors }) => single(replacedActors),
  },
  {
    name: "tsworker_log_lines_lost_total",
    type: "counter",
    help: "Lines of the log that were lost because standard output or standard error took none: a pipe that is not read, a full disk.",
    read: ({ lostLogLines }) => single(lostLogLines),
  },
  {
    name: "tsworker_trace_spans_total",
    type: "counter",
    help: "Spans of traces that the collector took (exported), and that were lost because it did not (dropped).",
    read: ({ spans }) =>
      Object.entries(spans ?? {}).map(([result, value]) => ({ value, labels: { result } })),
  },
  {
    name: "tsworker_dismissed_error_lines_total",
    type: "counter",
    help: "Lines of the model's log that looked like a failure while the model's health URL answered 200.",
    read: ({ dismissedLines }) => single(dismissedLines),
  },
];
