import { type Metric, Registry } from "prom-client";
import { VERSION } from "../package-root.js";
import type { Family, Sample } from "./family.js";
import { LoopDelay } from "./loop-delay.js";
import type { MetricsReading } from "./metrics-reading.js";
import { processFamilies, readProcess } from "./process-families.js";
import { routeFamilies } from "./route-families.js";
import type { RouteMetrics } from "./route-metrics.js";
import { workerFamilies } from "./worker-families.js";

/** Where metrics come from. */
export interface MetricsOptions {
  /** One for each handler route. */
  readonly routes: readonly RouteMetrics[];
  /** Called once for each text. */
  readonly read: () => MetricsReading;
}

const buildInfo: Family<string> = {
  name: "tsworker_build_info",
  type: "gauge",
  help: "Version of tsworker, as a label; always 1.",
  read: (version) => [{ value: 1, labels: { version } }],
};

/** A metric as the registry takes it, with values that were read before. */
class ReadMetric {
  readonly name: string;
  readonly #type: string;
  readonly #help: string;
  readonly #samples: readonly Sample[];

  constructor({ name, type, help }: Omit<Family<never>, "read">, samples: readonly Sample[]) {
    this.name = name;
    this.#type = type;
    this.#help = help;
    this.#samples = samples;
  }

  async get() {
    return { name: this.name, type: this.#type, help: this.#help, values: this.#samples };
  }
}

/**
 * The worker's metrics in the text format of Prometheus.
 *
 * Nothing is counted here: all numbers are read when somebody asks, in one go, so that a text shows one moment.
 *
 * @example
 * ```ts
 * const completions = new RouteMetrics("/v1/completions");
 * const metrics = new Metrics({ routes: [completions], read: () => worker.reading() });
 * completions.ended("success", 200, 1250);
 * await metrics.text(); // …tsworker_requests_total{route="/v1/completions",outcome="success"} 1…
 * ```
 */
export class Metrics {
  /** Value of the `content-type` header that goes with the text. */
  readonly contentType: string = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #options: MetricsOptions;
  readonly #loopDelay = new LoopDelay();

  constructor(options: MetricsOptions) {
    this.#options = options;
  }

  /**
   * All metrics as they are now.
   *
   * @throws whatever `read` throws.
   */
  async text(): Promise<string> {
    // One registry per text: a metric that was set for one scrape cannot show up in another.
    const registry = new Registry();
    const add = <Source>(families: readonly Family<Source>[], source: Source): void => {
      for (const family of families) {
        const metric = new ReadMetric(family, family.read(source));
        // The registry asks a metric for its name and `get()`; its types want one of the library's own classes.
        registry.registerMetric(metric as unknown as Metric);
      }
    };
    add([buildInfo], VERSION);
    add(workerFamilies, this.#options.read());
    add(routeFamilies, this.#options.routes);
    add(processFamilies, readProcess(this.#loopDelay));
    return registry.metrics();
  }

  /** Ends what was started by asking. Asking goes on to work, without the event loop's delay. */
  close(): void {
    this.#loopDelay.close();
  }
}
