import { errorMessage } from "../../shared/errors.js";

/** The model server's own load, of which a field is undefined where its metrics have no value for it. */
export interface ModelFigures {
  /** Requests in the model server's own queue. */
  readonly waiting: number | undefined;
  /** Requests that it works on. */
  readonly running: number | undefined;
  /** Used share of the cache of keys and values, from 0 to 1; the mean where several engines report one each. */
  readonly cacheUsage: number | undefined;
  /** Blocks of that cache, as it was configured. */
  readonly cacheConfig: Labels | undefined;
  /** The newest report about LoRA adapters. */
  readonly adapters: AdapterFigures | undefined;
}

type Labels = Readonly<Record<string, string>>;

/** A report about LoRA adapters. */
export interface AdapterFigures {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly labels: Labels;
}

type Load = "waiting" | "running" | "cacheUsage";

/** The metrics of model servers with a figure of the load. */
const LOAD: ReadonlyMap<string, Load> = new Map<string, Load>([
  ["vllm:num_requests_waiting", "waiting"],
  ["vllm:num_requests_running", "running"],
  ["vllm:kv_cache_usage_perc", "cacheUsage"],
  // Of vLLM before 0.10.
  ["vllm:gpu_cache_usage_perc", "cacheUsage"],
  ["sglang:num_queue_reqs", "waiting"],
  ["sglang:num_running_reqs", "running"],
  ["sglang:token_usage", "cacheUsage"],
  ["trtllm_num_requests_waiting", "waiting"],
  ["trtllm_num_requests_running", "running"],
  ["trtllm_kv_cache_utilization", "cacheUsage"],
  ["llamacpp:requests_deferred", "waiting"],
  ["llamacpp:requests_processing", "running"],
  ["llamacpp:kv_cache_usage_ratio", "cacheUsage"],
  ["tgi_queue_size", "waiting"],
  ["tgi_batch_current_size", "running"],
]);

/** Labels of {@link ModelFigures.cacheConfig} by the names that the servers have for them. */
const CACHE_CONFIG: Readonly<Record<string, Labels>> = {
  "vllm:cache_config_info": { block_size: "block_size", num_gpu_blocks: "num_gpu_blocks" },
  "sglang:cache_config_info": { page_size: "block_size", num_pages: "num_gpu_blocks" },
};

const ADAPTERS = "vllm:lora_requests_info";
const ADAPTER_LABELS: Labels = {
  max_lora: "max_lora",
  running_lora_adapters: "running_lora_adapters",
  waiting_lora_adapters: "waiting_lora_adapters",
};

const ESCAPES: Labels = { "\\n": "\n", "\\\\": "\\", '\\"': '"' };

/** The labels of a series that are wanted, under their new names. */
function labelsOf(text: string, wanted: Labels): Labels {
  const pairs = [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].flatMap(([, label = "", value = ""]) => {
    const name = wanted[label];
    return name === undefined ? [] : [[name, value.replace(/\\[n"\\]/g, (code) => ESCAPES[code] ?? code)]];
  });
  return Object.fromEntries(pairs);
}

/** Reads the figures from the text of a model server's metrics; other series and lines that are none are passed over. */
export function figuresIn(text: string): ModelFigures {
  const values = new Map<Load, number[]>();
  let cacheConfig: Labels | undefined;
  let adapters: AdapterFigures | undefined;
  for (const [, name = "", labels = "", number = ""] of text.matchAll(
    /^([a-zA-Z_:][\w:]*)(\{.*\})?[ \t]+(\S+)/gm,
  )) {
    const value = Number(number);
    if (!Number.isFinite(value)) continue;
    const load = LOAD.get(name);
    const config = CACHE_CONFIG[name];
    if (load !== undefined) values.set(load, [...(values.get(load) ?? []), value]);
    else if (config !== undefined) cacheConfig ??= labelsOf(labels, config);
    else if (name === ADAPTERS && value > (adapters?.at ?? -1))
      adapters = { at: value, labels: labelsOf(labels, ADAPTER_LABELS) };
  }
  const sumOf = (load: Load): number | undefined => values.get(load)?.reduce((sum, value) => sum + value, 0);
  const usage = sumOf("cacheUsage");
  return {
    waiting: sumOf("waiting"),
    running: sumOf("running"),
    cacheUsage: usage === undefined ? undefined : usage / (values.get("cacheUsage")?.length ?? 1),
    cacheConfig,
    adapters,
  };
}

/** Milliseconds for which figures count as new: an endpoint picker reads twenty times a second. */
const MAX_AGE_MS = 500;

export interface ModelMetricsOptions {
  /** Fetches the text of the model server's metrics, in bounded time and size. */
  readonly fetch: () => Promise<string>;
  /** Called when the metrics cannot be read any more, for another reason, or can be read again (undefined). */
  readonly onChange: (reason: string | undefined) => void;
}

/** The model server's metrics. However many callers, one request at a time is sent to the model, and two a second at most. */
export class ModelMetrics {
  readonly #options: ModelMetricsOptions;
  #figures: ModelFigures | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #reason: string | undefined;

  constructor(options: ModelMetricsOptions) {
    this.#options = options;
  }

  /** The figures, at most half a second old; undefined while the model server does not tell them. */
  async figures(): Promise<ModelFigures | undefined> {
    if (performance.now() - this.#readAt >= MAX_AGE_MS) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined;
      });
      await this.#reading;
    }
    return this.#figures;
  }

  async #read(): Promise<void> {
    let reason: string | undefined;
    try {
      this.#figures = figuresIn(await this.#options.fetch());
    } catch (error) {
      this.#figures = undefined;
      reason = errorMessage(error);
    }
    this.#readAt = performance.now();
    if (reason === this.#reason) return;
    this.#reason = reason;
    this.#options.onChange(reason);
  }
}
