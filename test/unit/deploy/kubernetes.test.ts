import { readFileSync } from "node:fs";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { PodMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { Service } from "kubernetes-models/v1/Service";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { checkConfig } from "../../../src/worker/config/check-config.js";
import { compile, root, textOf } from "../support/documents.js";

const text = readFileSync(root("deploy/kubernetes.yaml"), "utf8");
const objects: readonly unknown[] = parseAllDocuments(text).map((document) => document.toJS());
const [deployment, service, monitor, scaled] = objects;
const models = {
  deployment: new Deployment(deployment as ConstructorParameters<typeof Deployment>[0]),
  service: new Service(service as ConstructorParameters<typeof Service>[0]),
  monitor: new PodMonitor(monitor as ConstructorParameters<typeof PodMonitor>[0]),
  scaled: new ScaledObject(scaled as ConstructorParameters<typeof ScaledObject>[0]),
};
const pod = models.deployment.spec?.template.spec;
const worker = pod?.containers.find(({ name }) => name === "worker");

/** Seconds that a worker may take to end, with the usual drainTimeout. */
const TO_DRAIN =
  33 +
  checkConfig({
    handlers: [{ route: "/go", remoteFunction: () => 1, benchmarkConfig: { generator: () => ({}) } }],
  }).drainTimeout;

test("each object is what its schema wants", () => {
  expect(parseAllDocuments(text).flatMap(({ errors }) => errors)).toEqual([]);
  for (const model of Object.values(models)) model.validate();
  expect(objects).toHaveLength(Object.keys(models).length);
});

test("no field has an unknown name for its kind", async () => {
  const types = [
    ["kubernetes-models/apps/v1/Deployment", "IDeployment"],
    ["kubernetes-models/v1/Service", "IService"],
    ["@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor", "IPodMonitor"],
    ["@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject", "IScaledObject"],
  ];
  const snippet = (object: unknown, index: number): string => {
    const [path, type] = types[index] ?? [];
    return `import type { ${type} } from "${path}";\nexport const object: ${type} = ${JSON.stringify(object)};\n`;
  };
  expect(await compile("kubernetes", objects.map(snippet))).toBe("");
  // And a wrong one would be found.
  const wrong = JSON.stringify(deployment).replace('"readinessProbe"', '"readynessProbe"');
  expect(await compile("kubernetes", [snippet(JSON.parse(wrong), 0)])).toContain("readynessProbe");
}, 60_000);

test("service, monitor and scaling mean the pods of the deployment", () => {
  const labels = models.deployment.spec?.template.metadata?.labels;
  expect(models.deployment.spec?.selector.matchLabels).toEqual(labels);
  expect(models.service.spec?.selector).toEqual(labels);
  expect(models.monitor.spec?.selector.matchLabels).toEqual(labels);
  expect(models.scaled.spec?.scaleTargetRef.name).toBe(models.deployment.metadata?.name);
});

test("ports are named where they are used, and are the worker's own", () => {
  const ports = new Map(worker?.ports?.map(({ name, containerPort }) => [name, String(containerPort)]));
  const variable = (name: string) => worker?.env?.find((each) => each.name === name)?.value;
  expect(ports.get("requests")).toBe(variable("WORKER_PORT"));
  expect(ports.get("probes")).toBe(variable("WORKER_HTTP_PORT"));
  expect(variable("WORKER_HTTP_HOST")).toBe("0.0.0.0");
  expect(variable(`VAST_TCP_PORT_${variable("WORKER_PORT")}`)).toBe(variable("WORKER_PORT"));
  expect(models.service.spec?.ports?.map(({ targetPort }) => targetPort)).toEqual(["requests"]);
  expect(models.monitor.spec?.podMetricsEndpoints?.map(({ port }) => port)).toEqual(["probes"]);
  expect([worker?.livenessProbe, worker?.readinessProbe].map((probe) => probe?.httpGet?.port)).toEqual([
    "probes",
    "probes",
  ]);
});

test("a worker has the time that it needs to drain, while its model is still there", () => {
  const [, pause] = worker?.lifecycle?.preStop?.exec?.command ?? [];
  expect(pod?.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(Number(pause) + TO_DRAIN);
  // Containers that are restarted, among those that initialise, are sidecars, and end last.
  expect(pod?.initContainers?.map(({ name, restartPolicy }) => ({ name, restartPolicy }))).toEqual([
    { name: "vllm", restartPolicy: "Always" },
  ]);
});

test("both containers mean the same log and the same model", () => {
  const [vllm] = pod?.initContainers ?? [];
  for (const name of ["MODEL_LOG", "MODEL_NAME"]) {
    const [one, other] = [vllm, worker].map((each) => each?.env?.find((each) => each.name === name)?.value);
    expect(one).toBeDefined();
    expect(one).toBe(other);
  }
});

test("the scaling uses metrics that exist", async () => {
  const documented = await textOf("docs/operations.md");
  const queries = models.scaled.spec?.triggers.map(({ metadata }) => metadata.query ?? "") ?? [];
  const names = queries.flatMap((query) => query.match(/tsworker_\w+/g) ?? []);
  expect(names).toHaveLength(4);
  for (const name of names) expect(documented).toContain(`| \`${name}\` |`);
});
