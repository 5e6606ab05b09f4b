import { VERSION } from "../../shared/package-root.js";
import type { Family, Sample } from "./family.js";
import { generationFamilies } from "./generation-metrics.js";
import { keyFamilies } from "./key-families.js";
import type { KeyMetrics } from "./key-metrics.js";
import { LoopDelay } from "./loop-delay.js";
import type { MetricsReading } from "./metrics-reading.js";
import type { ModelMetrics } from "./model-figures.js";
import { type PickerReading, pickerFamilies } from "./picker-families.js";
import { processFamilies, readProcess } from "./process-families.js";
import { routeFamilies } from "./route-families.js";
import type { RouteMetrics } from "./route-metrics.js";
import { workerFamilies } from "./worker-families.js";

/** Where metrics come from. */
export interface MetricsOptions {
  /** One for each handler route. */
  readonly routes: readonly RouteMetrics[];
  /** One for each API key that has sent a request. */
  readonly keys: Iterable<KeyMetrics>;
  /** Called once for each text. */
  readonly read: () => MetricsReading;
  /** For the endpoint picker of a gateway; undefined without its metrics. */
  readonly picker?: PickerMetrics | undefined;
}

export interface PickerMetrics {
  /** Undefined: the model server's metrics are not read. */
  readonly model: ModelMetrics | undefined;
}

const buildInfo: Family<string> = {
  name: "tsworker_build_info",
  type: "gauge",
  help: "Version of tsworker, as a label; always 1.",
  read: (version) => [{ value: 1, labels: { version } }],
};

/**
 * The worker's metrics in the text format of Prometheus.
 *
 * Nothing is counted here: all numbers are read together at each scrape, so that a text shows one moment.
 *
 * @example
 * ```ts
 * const completions = new RouteMetrics("/v1/completions");
 * const metrics = new Metrics({ routes: [completions], keys: new KeysMetrics(), read: () => worker.reading() });
 * completions.ended("success", 200, 1250);
 * await metrics.text(); // …tsworker_requests_total{route="/v1/completions",outcome="success"} 1…
 * ```
 */
export class Metrics {
  /** Value of the `content-type` header that goes with the text. */
  readonly contentType: string = "text/plain; version=0.0.4; charset=utf-8";
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
    const { read, routes, keys, picker } = this.#options;
    // Without a wait in between, so that the text shows one moment.
    const model = picker?.model && (await picker.model.figures());
    const reading = read();
    return [
      ...textsOf([buildInfo], VERSION),
      ...textsOf(workerFamilies, reading),
      ...(picker === undefined ? [] : pickerTexts({ queues: reading.queues, model })),
      ...textsOf(routeFamilies, routes),
      ...textsOf(generationFamilies, routes),
      ...textsOf(keyFamilies, [...keys]),
      ...textsOf(processFamilies, readProcess(this.#loopDelay)),
    ].join("\n");
  }

  /**
   * Only the metrics for the endpoint picker of a gateway; empty without them.
   *
   * @throws whatever `read` throws.
   */
  async pickerText(): Promise<string> {
    const { read, picker } = this.#options;
    if (picker === undefined) return "";
    const model = await picker.model?.figures();
    return pickerTexts({ queues: read().queues, model }).join("\n");
  }

  /** Stops what the first scrape started. Later scrapes work, without the event loop's delay. */
  close(): void {
    this.#loopDelay.close();
  }
}

const textsOf = <Source>(families: readonly Family<Source>[], source: Source): readonly string[] =>
  families.map((family) => familyText(family, family.read(source)));

/** What the model server does not tell is not there at all: the picker then decides without it. */
const pickerTexts = (reading: PickerReading): readonly string[] =>
  textsOf(
    pickerFamilies.filter((family) => family.read(reading).length > 0),
    reading,
  );

/** A metric and its series as lines of the text format of Prometheus, the last one ended, too. */
export function familyText(
  { name, type, help }: Omit<Family<never>, "read">,
  samples: readonly Sample[],
): string {
  const lines = samples.map(
    ({ value, labels, metricName = name }) => `${metricName}${labelsText(labels)} ${valueText(value)}\n`,
  );
  return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelsText(labels: Sample["labels"]): string {
  const pairs = Object.entries(labels).map(
    ([label, value]) => `${label}="${escaped(String(value)).replaceAll('"', '\\"')}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");

/** Numbers are written as in JavaScript, but for the infinite ones. */
const valueText = (value: number): string =>
  Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? "+Inf" : "-Inf";
