import { type Family, type Sample, single } from "./family.js";
import type { MetricsReading, QueueReading } from "./metrics-reading.js";
import type { ModelFigures } from "./model-figures.js";

/** What an endpoint picker decides by. */
export interface PickerReading {
  readonly queues: MetricsReading["queues"];
  /** Undefined where the model server does not tell them. */
  readonly model: ModelFigures | undefined;
}

const sumOf = (queues: PickerReading["queues"], numberOf: (queue: QueueReading) => number): number =>
  queues.reduce((sum, queue) => sum + numberOf(queue), 0);

const singleOf = (value: number | undefined): readonly Sample[] => (value === undefined ? [] : single(value));

/**
 * The metrics that the endpoint picker of the Gateway API Inference Extension reads, under the names that it expects of vLLM.
 * To the picker, worker and model server are one: a request that waits in either of them waits.
 */
export const pickerFamilies: readonly Family<PickerReading>[] = [
  {
    name: "vllm:num_requests_waiting",
    type: "gauge",
    help: "Requests that wait now: in the queues of the worker, and in that of the model server.",
    read: ({ queues, model }) => single(sumOf(queues, ({ waiting }) => waiting) + (model?.waiting ?? 0)),
  },
  {
    name: "vllm:num_requests_running",
    type: "gauge",
    help: "Requests that the model server works on now; without its own number, those that the worker has sent to it.",
    read: ({ queues, model }) => single(model?.running ?? sumOf(queues, ({ running }) => running)),
  },
  {
    name: "vllm:kv_cache_usage_perc",
    type: "gauge",
    help: "Used share of the model server's cache of keys and values, from 0 to 1, as it tells it.",
    read: ({ model }) => singleOf(model?.cacheUsage),
  },
  {
    name: "vllm:cache_config_info",
    type: "gauge",
    help: "Blocks of the model server's cache of keys and values, as labels; always 1.",
    read: ({ model }) => (model?.cacheConfig === undefined ? [] : [{ value: 1, labels: model.cacheConfig }]),
  },
  {
    name: "vllm:lora_requests_info",
    type: "gauge",
    help: "LoRA adapters of the model server, as labels; the value is the time of its report in seconds since the epoch.",
    read: ({ model }) =>
      model?.adapters === undefined ? [] : [{ value: model.adapters.at, labels: model.adapters.labels }],
  },
];
