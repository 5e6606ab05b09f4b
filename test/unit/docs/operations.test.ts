import { expect, test } from "vitest";
import { BOUNDS } from "../../../src/worker/metrics/durations.js";
import { keyFamilies } from "../../../src/worker/metrics/key-families.js";
import { KeysMetrics } from "../../../src/worker/metrics/key-metrics.js";
import { Metrics } from "../../../src/worker/metrics/metrics.js";
import { LIFECYCLE_STATES } from "../../../src/worker/metrics/metrics-reading.js";
import { ModelMetrics } from "../../../src/worker/metrics/model-figures.js";
import { processFamilies } from "../../../src/worker/metrics/process-families.js";
import { routeFamilies } from "../../../src/worker/metrics/route-families.js";
import { RouteMetrics } from "../../../src/worker/metrics/route-metrics.js";
import { workerFamilies } from "../../../src/worker/metrics/worker-families.js";
import { codeOf, rowsBelow, snippetsOf, textOf } from "../support/documents.js";
import { filesIn, textOf as sourceOf } from "../support/imports.js";

const page = await textOf("docs/operations.md");

const metricRows = [
  "Of the worker",
  "Of each route",
  "Of generated tokens",
  "Of each API key",
  "Of the process",
  "For an endpoint picker",
].flatMap((heading) => rowsBelow(page, heading));

const MODEL_METRICS = `vllm:kv_cache_usage_perc 0.5
vllm:cache_config_info{block_size="16",num_gpu_blocks="100"} 1
vllm:lora_requests_info{max_lora="2",running_lora_adapters="",waiting_lora_adapters=""} 1
`;

/** The metrics of a worker in which everything has happened: each with its type and the labels of its series. */
async function printed() {
  const route = new RouteMetrics("/go", "chat");
  route.ended("success", 200, 10);
  const keys = new KeysMetrics();
  keys.of("alice");
  const metrics = new Metrics({
    picker: { model: new ModelMetrics({ fetch: async () => MODEL_METRICS, onChange: () => {} }) },
    routes: [route],
    keys,
    read: () => ({
      state: "ready",
      queues: [{ name: "serial", limit: 1, running: 0, waiting: 0, oldestAt: undefined }],
      openLoad: 0,
      loadAhead: 0,
      capacity: 1,
      sessions: 0,
      workload: { received: 0, rejected: 0, served: 0, cancelled: 0, errored: 0 },
      reports: [{ kind: "status", delivered: 0, failed: 0 }],
      undelivered: 0,
      replacedActors: 0,
      lostLogLines: 0,
      spans: { exported: 0, dropped: 0 },
      dismissedLines: 0,
    }),
  });
  const text = await metrics.text();
  metrics.close();
  return [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => {
    const [, labels = ""] = new RegExp(`^${name}(?:_bucket)?\\{(.*)\\}`, "m").exec(text) ?? [];
    const names = [...labels.matchAll(/(\w+)="/g)].map(([, label = ""]) => label);
    return { name, type, labels: names.filter((label) => label !== "le") };
  });
}

test("every metric that is printed is documented with its type and labels, and no other one", async () => {
  const metrics = await printed();
  expect(metrics.length).toBeGreaterThan(
    workerFamilies.length + routeFamilies.length + keyFamilies.length + processFamilies.length - 1,
  );
  const documented = metricRows.map(([name, type, labels = ""]) => ({
    name: codeOf(name),
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
  }));
  const byName = (a: { name: string }, b: { name: string }): number => a.name.localeCompare(b.name);
  expect(documented.toSorted(byName)).toEqual(metrics.toSorted(byName));
});

test("every metric has a meaning on the page", () => {
  for (const [name, , , , meaning = ""] of metricRows) expect(meaning.length, name).toBeGreaterThan(5);
});

test("the queries use metrics that exist, and labels that they have", async () => {
  const metrics = await printed();
  const [queries = ""] = snippetsOf(page, "promql");
  const asked = [...queries.matchAll(/\b((?:tsworker|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)];
  expect(asked.length).toBeGreaterThan(8);
  for (const [, name = "", labels = ""] of asked) {
    const metric = metrics.find((each) => each.name === name.replace(/_bucket$/, ""));
    expect(metric, name).toBeDefined();
    for (const [, label = ""] of labels.matchAll(/(\w+)=/g)) expect(metric?.labels, name).toContain(label);
  }
});

test("the buckets are those of the histograms", () => {
  const [, reported = ""] = /^Buckets: (.+)\.$/m.exec(page) ?? [];
  const seconds: number[] = [];
  let unit = 0;
  for (const [, value, named] of [...reported.matchAll(/([\d.]+)(?: (ms|s|min))?/g)].toReversed()) {
    unit = { ms: 0.001, s: 1, min: 60 }[named ?? ""] ?? unit;
    seconds.unshift(Number(value) * unit);
  }
  expect(seconds).toEqual([...BOUNDS]);
});

test("the states are those of the worker", () => {
  const [first, ...others] = rowsBelow(page, "States").map(([state]) => codeOf(state));
  expect([first, ...others].slice(0, LIFECYCLE_STATES.length)).toEqual([...LIFECYCLE_STATES]);
});

test("the inspector's log lines are those of the code", () => {
  const sources = filesIn("src").map(sourceOf).join("\n");
  const messages = rowsBelow(page, "The inspector").map(([first]) => codeOf(first));
  expect(messages.length).toBeGreaterThan(4);
  for (const message of messages) expect(sources).toContain(`"${message}"`);
});

test("the routes are those that are served", () => {
  const sources = ["src/worker/routes", "src/worker/server"].flatMap(filesIn).map(sourceOf).join("\n");
  const served = [
    ...sources.matchAll(/"(\/(?:session|pyworker)\/\w+|\/(?:healthz|readyz|metrics|inspect\/socket))"/g),
  ];
  const [, ports = ""] = /^## Ports$([\s\S]*?)^## /m.exec(page) ?? [];
  expect(served.length).toBeGreaterThan(7);
  for (const [, route = ""] of served) expect(ports).toContain(route);
});
