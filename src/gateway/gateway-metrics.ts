import { VERSION } from "../shared/package-root.js";
import { BOUNDS, Durations } from "../worker/metrics/durations.js";
import type { Family, Sample } from "../worker/metrics/family.js";
import { familyText } from "../worker/metrics/metrics.js";

/** The counts of one endpoint. */
export class EndpointMetrics {
  readonly endpoint: string;
  /** Requests that have not ended. */
  active = 0;
  /** From a request's arrival to the first byte of its answer. */
  readonly timeToFirstByte = new Durations();
  readonly #requests = new Map<string, number>();
  readonly #retries = new Map<string, number>();

  constructor(endpoint: string) {
    this.endpoint = endpoint;
  }

  /** @param status of the answer, or `cancelled`, or `broken` for an answer that broke off. */
  ended(status: string): void {
    this.#requests.set(status, (this.#requests.get(status) ?? 0) + 1);
  }

  /** @param reason why the try before failed. */
  retried(reason: string): void {
    this.#retries.set(reason, (this.#retries.get(reason) ?? 0) + 1);
  }

  requests(): readonly Sample[] {
    return samplesOf(this.#requests, this.endpoint, "status");
  }

  retries(): readonly Sample[] {
    return samplesOf(this.#retries, this.endpoint, "reason");
  }
}

const samplesOf = (counts: ReadonlyMap<string, number>, endpoint: string, label: string): readonly Sample[] =>
  [...counts].map(([name, value]) => ({ value, labels: { endpoint, [label]: name } }));

/** What is read at a scrape. */
interface GatewayReading {
  readonly endpoints: readonly EndpointMetrics[];
  readonly heldBytes: number;
  readonly connections: number;
}

const FIRST_BYTE = "tsworker_gateway_time_to_first_byte_seconds";

/** The metrics of a gateway. */
export const gatewayFamilies: readonly Family<GatewayReading>[] = [
  {
    name: "tsworker_build_info",
    type: "gauge",
    help: "Version of tsworker, as a label; always 1.",
    read: () => [{ value: 1, labels: { version: VERSION } }],
  },
  {
    name: "tsworker_gateway_requests_total",
    type: "counter",
    help: "Requests that have ended, by endpoint and by the status of the answer, cancelled (by the client) or broken (off in the middle).",
    read: ({ endpoints }) => endpoints.flatMap((each) => each.requests()),
  },
  {
    name: "tsworker_gateway_retries_total",
    type: "counter",
    help: "Further tries of requests at another worker, by endpoint and reason: unreachable, or the status of the worker's answer.",
    read: ({ endpoints }) => endpoints.flatMap((each) => each.retries()),
  },
  {
    name: "tsworker_gateway_active_requests",
    type: "gauge",
    help: "Requests that have not ended, by endpoint.",
    read: ({ endpoints }) =>
      endpoints.map(({ endpoint, active }) => ({ value: active, labels: { endpoint } })),
  },
  {
    name: FIRST_BYTE,
    type: "histogram",
    help: "Seconds from a request's arrival to the first byte of a worker's answer.",
    read: ({ endpoints }) => endpoints.flatMap(firstByteSamples),
  },
  {
    name: "tsworker_gateway_held_bytes",
    type: "gauge",
    help: "Bytes of the bodies of requests whose answers have not begun.",
    read: ({ heldBytes }) => [{ value: heldBytes, labels: {} }],
  },
  {
    name: "tsworker_gateway_connections",
    type: "gauge",
    help: "Open connections of clients.",
    read: ({ connections }) => [{ value: connections, labels: {} }],
  },
];

function firstByteSamples({ endpoint, timeToFirstByte }: EndpointMetrics): readonly Sample[] {
  const counts = timeToFirstByte.cumulative();
  return [
    ...counts.map((value, index) => ({
      value,
      labels: { endpoint, le: BOUNDS[index] ?? "+Inf" },
      metricName: `${FIRST_BYTE}_bucket`,
    })),
    { value: timeToFirstByte.sum, labels: { endpoint }, metricName: `${FIRST_BYTE}_sum` },
    { value: counts.at(-1) ?? 0, labels: { endpoint }, metricName: `${FIRST_BYTE}_count` },
  ];
}

/** All metrics in the text format of Prometheus. */
export const metricsText = (reading: GatewayReading): string =>
  gatewayFamilies.map((family) => familyText(family, family.read(reading))).join("\n");
