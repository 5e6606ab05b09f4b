import { readFileSync } from "node:fs";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject";
import { PrometheusRule } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule";
import { ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor";
import { Deployment } from "kubernetes-models/apps/v1/Deployment";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1/NetworkPolicy";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget";
import { ConfigMap } from "kubernetes-models/v1/ConfigMap";
import { Secret } from "kubernetes-models/v1/Secret";
import { Service } from "kubernetes-models/v1/Service";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { checkConfig } from "../../../src/worker/config/check-config.js";
import { type KubernetesObject, linted, noHelm, notes, rendered, type Values } from "../../support/helm.js";
import { compile, root, rowsBelow } from "../support/documents.js";

/** By kind: the class that validates an object, and where its type is. */
const KINDS: Readonly<Record<string, readonly [new (object: never) => { validate(): void }, string]>> = {
  Deployment: [Deployment, "kubernetes-models/apps/v1/Deployment"],
  Service: [Service, "kubernetes-models/v1/Service"],
  Secret: [Secret, "kubernetes-models/v1/Secret"],
  ConfigMap: [ConfigMap, "kubernetes-models/v1/ConfigMap"],
  PodDisruptionBudget: [PodDisruptionBudget, "kubernetes-models/policy/v1/PodDisruptionBudget"],
  NetworkPolicy: [NetworkPolicy, "kubernetes-models/networking.k8s.io/v1/NetworkPolicy"],
  HorizontalPodAutoscaler: [
    HorizontalPodAutoscaler,
    "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler",
  ],
  ScaledObject: [ScaledObject, "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject"],
  ServiceMonitor: [
    ServiceMonitor,
    "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor",
  ],
  PrometheusRule: [
    PrometheusRule,
    "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule",
  ],
};

/** `inference.networking.k8s.io/v1`: no package has it. */
const port = z.int().min(1).max(65535);
const inferencePool = z.strictObject({
  apiVersion: z.literal("inference.networking.k8s.io/v1"),
  kind: z.literal("InferencePool"),
  metadata: z.strictObject({ name: z.string(), labels: z.record(z.string(), z.string()) }),
  spec: z.strictObject({
    selector: z.strictObject({ matchLabels: z.record(z.string(), z.string().max(63)) }),
    targetPorts: z
      .array(z.strictObject({ number: port }))
      .min(1)
      .max(8),
    appProtocol: z.enum(["http", "kubernetes.io/h2c"]).optional(),
    endpointPickerRef: z.strictObject({
      group: z.string().max(253).optional(),
      kind: z.string().min(1).max(63).optional(),
      name: z.string().min(1).max(253),
      port: z.strictObject({ number: port }),
      failureMode: z.enum(["FailOpen", "FailClose"]).optional(),
    }),
  }),
});

const KEYS = { access: { existingSecret: "llm-keys" } };
const ALL_MONITORING = {
  serviceMonitor: { enabled: true, labels: { release: "prometheus" } },
  alerts: { enabled: true, labels: { release: "prometheus" } },
  dashboard: { enabled: true },
};
const EVERYTHING: Values = {
  access: {
    keys: [{ name: "alice", key: "sk-12345678", requestsPerMinute: 60 }, { sha256: "a".repeat(64) }],
  },
  image: { repository: "registry.example.com/worker", tag: "1.2.3" },
  imagePullSecrets: [{ name: "pull" }],
  worker: { env: [{ name: "LOG_LEVEL", value: "debug" }], drainTimeout: 120, preStopSeconds: 10 },
  model: {
    args: ["--max-model-len=8192", '--override-generation-config={"a": "b"}'],
    env: [{ name: "VLLM_LOGGING_LEVEL", value: "INFO" }],
    hfSecret: "hf",
    existingClaim: "weights",
    gpu: { count: 2 },
  },
  podAnnotations: { a: "b" },
  podLabels: { team: "ml" },
  nodeSelector: { gpu: "a100" },
  tolerations: [{ key: "nvidia.com/gpu", operator: "Exists" }],
  affinity: { nodeAffinity: {} },
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway" },
  ],
  priorityClassName: "high",
  runtimeClassName: "nvidia",
  service: { type: "LoadBalancer", annotations: { a: "b" } },
  autoscaling: { kind: "keda" },
  monitoring: ALL_MONITORING,
  networkPolicy: { enabled: true, clients: [{ namespaceSelector: {} }] },
  inferencePool: { enabled: true },
};
const SIGNATURE: Values = {
  access: { mode: "signature" },
  engine: { reportAddr: "http://engine:8080", existingSecret: "engine" },
  monitoring: ALL_MONITORING,
};
const FRONT: Values = {
  ...KEYS,
  mode: "front",
  model: { host: "vllm.other.svc", port: 8000 },
  autoscaling: { kind: "hpa", target: { apiVersion: "apps/v1", kind: "Deployment", name: "vllm" } },
  networkPolicy: { enabled: true },
};

/** Each way to install it, once. */
const VARIANTS: Readonly<Record<string, Values>> = {
  "with keys of a Secret": KEYS,
  everything: EVERYTHING,
  "with signatures": SIGNATURE,
  "in front of a model server": FRONT,
  "open, with an HPA": { access: { mode: "open" }, autoscaling: { kind: "hpa" } },
};

const objects: Readonly<Record<string, readonly KubernetesObject[]>> = noHelm
  ? {}
  : Object.fromEntries(Object.entries(VARIANTS).map(([name, values]) => [name, rendered(values)]));

/** The objects of a kind in a variant. */
const found = <Kind>(variant: string, kind: string): readonly Kind[] =>
  (objects[variant] ?? []).filter((object) => object.kind === kind) as readonly unknown[] as readonly Kind[];

function one<Kind>(variant: string, kind: string): Kind {
  const [first, ...others] = found<Kind>(variant, kind);
  if (first === undefined || others.length > 0) throw new Error(`expected one ${kind} in "${variant}"`);
  return first;
}

const podOf = (variant: string) => one<Deployment>(variant, "Deployment").spec?.template;
const workerOf = (variant: string) => podOf(variant)?.spec?.containers.find(({ name }) => name === "worker");
const modelOf = (variant: string) =>
  podOf(variant)?.spec?.initContainers?.find(({ name }) => name === "vllm");
const variablesOf = (container: ReturnType<typeof workerOf>) =>
  new Map(container?.env?.map(({ name, value }) => [name, value]));

describe.skipIf(noHelm)("the chart", () => {
  test("Helm's linter finds nothing", () => {
    for (const values of Object.values(VARIANTS)) expect(linted(values)).toContain("0 chart(s) failed");
  });

  test("its version is the package's", () => {
    const { version, appVersion } = parse(readFileSync(root("deploy/helm/tsworker/Chart.yaml"), "utf8"));
    const own = JSON.parse(readFileSync(root("package.json"), "utf8")).version;
    expect({ version, appVersion }).toEqual({ version: own, appVersion: own });
  });

  test.each(Object.keys(VARIANTS))("%s: each object is what its schema wants", (variant) => {
    expect(objects[variant]?.length).toBeGreaterThan(3);
    for (const object of objects[variant] ?? []) {
      if (object.kind === "InferencePool") inferencePool.parse(object);
      else {
        const [Model] = KINDS[object.kind] ?? [];
        if (Model === undefined) throw new Error(`expected a schema of ${object.kind}`);
        new Model(object as never).validate();
      }
    }
  });

  test("each kind is in some variant", () => {
    const rendered = new Set(Object.values(objects).flatMap((all) => all.map(({ kind }) => kind)));
    expect([...rendered].toSorted()).toEqual([...Object.keys(KINDS), "InferencePool"].toSorted());
  });

  test("no field has a name that its kind does not know", async () => {
    const snippet = (object: KubernetesObject): string => {
      const type = `I${object.kind}`;
      return `import type { ${type} } from "${KINDS[object.kind]?.[1]}";\nexport const object: ${type} = ${JSON.stringify(object)};\n`;
    };
    const all = Object.values(objects)
      .flat()
      .filter(({ kind }) => kind !== "InferencePool");
    expect(await compile("chart", all.map(snippet))).toBe("");
    // And a wrong one would be found.
    const wrong = JSON.stringify(one(Object.keys(VARIANTS)[0] ?? "", "Deployment"));
    const misspelt = JSON.parse(wrong.replace('"readinessProbe"', '"readynessProbe"')) as KubernetesObject;
    expect(await compile("chart", [snippet(misspelt)])).toContain("readynessProbe");
  }, 120_000);

  test.each(Object.keys(VARIANTS))("%s: everything means the pods of the deployment", (variant) => {
    const labels = podOf(variant)?.metadata?.labels;
    const selectors = [
      one<Deployment>(variant, "Deployment").spec?.selector.matchLabels,
      ...found<Service>(variant, "Service").map(({ spec }) => spec?.selector),
      ...found<PodDisruptionBudget>(variant, "PodDisruptionBudget").map(
        ({ spec }) => spec?.selector?.matchLabels,
      ),
      ...found<NetworkPolicy>(variant, "NetworkPolicy").map(({ spec }) => spec?.podSelector?.matchLabels),
      ...found<z.infer<typeof inferencePool>>(variant, "InferencePool").map(
        ({ spec }) => spec.selector.matchLabels,
      ),
    ];
    expect(selectors.length).toBeGreaterThan(3);
    for (const selector of selectors) {
      expect(Object.keys(selector ?? {})).toHaveLength(2);
      expect(labels).toMatchObject(selector ?? {});
    }
    for (const { spec } of found<ServiceMonitor>(variant, "ServiceMonitor")) {
      const monitored = found<Service>(variant, "Service").filter(({ metadata }) =>
        Object.entries(spec.selector.matchLabels ?? {}).every(
          ([name, value]) => metadata?.labels?.[name] === value,
        ),
      );
      expect(monitored.map(({ metadata }) => metadata?.name)).toEqual(["llm-tsworker-metrics"]);
      expect(monitored[0]?.spec?.ports?.map(({ name }) => name)).toEqual(
        spec.endpoints.map(({ port: name }) => name),
      );
    }
  });

  test.each(Object.keys(VARIANTS))("%s: ports and probes are the worker's own", (variant) => {
    const worker = workerOf(variant);
    const variables = variablesOf(worker);
    const ports = new Map(worker?.ports?.map(({ name, containerPort }) => [name, String(containerPort)]));
    expect(ports.get("requests")).toBe(variables.get("WORKER_PORT"));
    expect(ports.get("probes")).toBe(variables.get("WORKER_HTTP_PORT"));
    expect(variables.get("WORKER_HTTP_HOST")).toBe("0.0.0.0");
    const probes = [worker?.startupProbe, worker?.livenessProbe, worker?.readinessProbe];
    expect(probes.map((probe) => probe?.httpGet)).toEqual([
      { path: "/healthz", port: "probes" },
      { path: "/healthz", port: "probes" },
      { path: "/readyz", port: "probes" },
    ]);
    const targets = found<Service>(variant, "Service").flatMap(({ spec }) => spec?.ports ?? []);
    expect(targets.map(({ targetPort }) => targetPort)).toEqual(["requests", "probes"]);
  });

  test.each(Object.keys(VARIANTS))(
    "%s: a worker has the time that it needs to drain, and its model outlives it",
    (variant) => {
      const [, pause] = workerOf(variant)?.lifecycle?.preStop?.exec?.command ?? [];
      const { worker } = { worker: {}, ...VARIANTS[variant] } as {
        readonly worker: { readonly drainTimeout?: number };
      };
      const { drainTimeout } = checkConfig({
        ...(worker.drainTimeout !== undefined && { drainTimeout: worker.drainTimeout }),
        handlers: [{ route: "/go", remoteFunction: () => 1, benchmarkConfig: { generator: () => ({}) } }],
      });
      expect(Number(pause)).toBeGreaterThan(0);
      expect(podOf(variant)?.spec?.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
        Number(pause) + drainTimeout + 33,
      );
      // Containers that are restarted, among those that initialise, are sidecars, and end last.
      const sidecars = podOf(variant)?.spec?.initContainers ?? [];
      expect(sidecars.map(({ name, restartPolicy }) => ({ name, restartPolicy }))).toEqual(
        VARIANTS[variant]?.mode === "front" ? [] : [{ name: "vllm", restartPolicy: "Always" }],
      );
    },
  );

  test.each(Object.keys(VARIANTS))("%s: the worker has no more rights than it needs", (variant) => {
    expect(workerOf(variant)?.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    });
    expect(podOf(variant)?.spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { seccompProfile: { type: "RuntimeDefault" } },
    });
    // What it writes goes into volumes, and each volume is mounted somewhere.
    const mounted = [workerOf(variant), modelOf(variant)].flatMap(
      (container) => container?.volumeMounts ?? [],
    );
    expect([...new Set(mounted.map(({ name }) => name))].toSorted()).toEqual(
      podOf(variant)
        ?.spec?.volumes?.map(({ name }) => name)
        .toSorted(),
    );
    expect(mounted.map(({ mountPath }) => mountPath)).toEqual(expect.arrayContaining(["/state", "/tmp"]));
  });
});

describe.skipIf(noHelm)("a sidecar", () => {
  test("means the same log and the same model as the worker, and has the GPUs", () => {
    const [own, model] = [workerOf("everything"), modelOf("everything")].map(variablesOf);
    for (const name of ["MODEL_LOG", "MODEL_NAME"]) {
      expect(own?.get(name)).toBeDefined();
      expect(own?.get(name)).toBe(model?.get(name));
    }
    expect(modelOf("everything")?.resources?.limits).toMatchObject({ "nvidia.com/gpu": "2", memory: "48Gi" });
    expect(modelOf("everything")?.args?.slice(1)).toEqual([
      "vllm",
      "--max-model-len=8192",
      '--override-generation-config={"a": "b"}',
    ]);
  });

  test("is not there in front of a model server, whose place the worker gets", () => {
    expect(modelOf("in front of a model server")).toBeUndefined();
    const variables = variablesOf(workerOf("in front of a model server"));
    expect([variables.get("MODEL_HOST"), variables.get("MODEL_PORT")]).toEqual(["vllm.other.svc", "8000"]);
    expect(variables.has("MODEL_LOG")).toBe(false);
  });
});

describe.skipIf(noHelm)("access", () => {
  test("is by the keys of the values, in a Secret of the chart", () => {
    const { stringData } = one<Secret>("everything", "Secret");
    expect(JSON.parse(stringData?.["keys.json"] ?? "")).toEqual({
      keys: [{ name: "alice", key: "sk-12345678", requestsPerMinute: 60 }, { sha256: "a".repeat(64) }],
    });
    expect(variablesOf(workerOf("everything")).get("ACCESS_MODE")).toBe("apiKey");
  });

  test("is by the keys of a given Secret, which is mounted as a folder where the worker looks", () => {
    expect(found("with keys of a Secret", "Secret")).toEqual([]);
    const worker = workerOf("with keys of a Secret");
    const [volume] = (podOf("with keys of a Secret")?.spec?.volumes ?? []).filter(
      ({ name }) => name === "keys",
    );
    expect(volume?.secret).toEqual({ secretName: "llm-keys", defaultMode: 0o440 });
    const mount = worker?.volumeMounts?.find(({ name }) => name === "keys");
    expect(mount).toEqual({ name: "keys", mountPath: "/etc/tsworker", readOnly: true });
    expect(variablesOf(worker).get("API_KEYS_FILE")).toBe("/etc/tsworker/keys.json");
  });

  test("by signatures has an engine, and what a worker tells it", () => {
    const names = [...variablesOf(workerOf("with signatures")).keys()];
    expect(names).toEqual(
      expect.arrayContaining(["PUBLIC_IPADDR", "VAST_TCP_PORT_3000", "REPORT_ADDR", "MASTER_TOKEN"]),
    );
    expect([...variablesOf(workerOf("everything")).keys()]).not.toContain("REPORT_ADDR");
  });

  test("of everybody is told to the worker", () => {
    const variables = variablesOf(workerOf("open, with an HPA"));
    expect([variables.get("ACCESS_MODE"), variables.get("ACCESS_ANYWHERE")]).toEqual(["open", "true"]);
  });
});

describe.skipIf(noHelm)("scaling", () => {
  test("is of one kind, and a deployment that is scaled has no number of its own", () => {
    const kinds = ["ScaledObject", "HorizontalPodAutoscaler"];
    const scalers = (variant: string) => kinds.flatMap((kind) => found<KubernetesObject>(variant, kind));
    expect(scalers("with keys of a Secret")).toEqual([]);
    expect(one<Deployment>("with keys of a Secret", "Deployment").spec?.replicas).toBe(1);
    for (const variant of ["everything", "open, with an HPA"]) {
      expect(scalers(variant)).toHaveLength(1);
      expect(scalers(variant)[0]).toMatchObject({
        spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "llm-tsworker" } },
      });
      expect(one<Deployment>(variant, "Deployment").spec).not.toHaveProperty("replicas");
    }
  });

  test("in front mode is that of the model server", () => {
    const { spec } = one<HorizontalPodAutoscaler>("in front of a model server", "HorizontalPodAutoscaler");
    expect(spec?.scaleTargetRef.name).toBe("vllm");
    expect(one<Deployment>("in front of a model server", "Deployment").spec?.replicas).toBe(1);
  });
});

test.skipIf(noHelm)("an InferencePool has workers with the metrics that its picker reads", () => {
  const { spec } = one<z.infer<typeof inferencePool>>("everything", "InferencePool");
  const variables = variablesOf(workerOf("everything"));
  expect(spec.targetPorts).toEqual([{ number: Number(variables.get("WORKER_PORT")) }]);
  expect(variables.get("ENDPOINT_PICKER_METRICS")).toBe("true");
  expect(variablesOf(workerOf("with signatures")).has("ENDPOINT_PICKER_METRICS")).toBe(false);
});

describe("the values", () => {
  const chart = (file: string): string => readFileSync(root(`deploy/helm/tsworker/${file}`), "utf8");
  const values: unknown = parse(chart("values.yaml"));
  const valueAt = (path: string): unknown =>
    path.split(".").reduce<unknown>((value, key) => Reflect.get(Object(value), key), values);

  interface Schema {
    readonly properties?: Readonly<Record<string, Schema>>;
  }

  /** Paths of all values that the schema names. */
  const pathsIn = ({ properties = {} }: Schema, base = ""): readonly string[] =>
    Object.entries(properties).flatMap(([name, schema]) =>
      schema.properties === undefined ? [`${base}${name}`] : pathsIn(schema, `${base}${name}.`),
    );

  test("have a default for each name of the schema, but for what is global or a part of a target", () => {
    const paths = pathsIn(JSON.parse(chart("values.schema.json"))).filter(
      (path) => path !== "global" && !path.startsWith("autoscaling.target."),
    );
    expect(paths.length).toBeGreaterThan(50);
    for (const path of paths) expect(valueAt(path), path).toBeDefined();
  });

  test("are on the chart's page with their defaults", () => {
    const rows = rowsBelow(chart("README.md"), "Values");
    expect(rows.length).toBeGreaterThan(10);
    for (const [cell = "", otherwise = ""] of rows) {
      const [first = "", ...others] = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
      const group = first.slice(0, first.indexOf("."));
      for (const name of [first, ...others.map((other) => other.replace(/^\./, `${group}.`))]) {
        expect(valueAt(name), name).toBeDefined();
        const [told] = [...otherwise.matchAll(/`([^`]+)`/g)].map(([, value]) => value);
        if (told !== undefined && others.length === 0 && otherwise.startsWith("`"))
          expect(String(valueAt(name)), name).toBe(told);
        if (otherwise === "none") expect(valueAt(name)).toHaveLength(0);
      }
    }
  });
});

test.skipIf(noHelm)("the notes say how to call the workers, and what is missing", () => {
  const open = notes({ ...VARIANTS["open, with an HPA"], model: { name: "a/model" } });
  expect(open).toContain('{"model": "a/model", "prompt"');
  expect(open).not.toContain("Authorization");
  expect(open).toContain("Everybody who reaches the port can use the model");
  expect(open).toContain("The autoscaler needs the workers' metrics");
  expect(notes(FRONT)).toContain("workers in front of vllm.other.svc:8000");
  expect(notes(SIGNATURE)).toContain("signed by the engine at http://engine:8080");
  expect(notes(EVERYTHING)).not.toContain("The autoscaler needs");
});

describe.skipIf(noHelm)("values that are refused", () => {
  const OPEN = { access: { mode: "open" } };
  test.each<readonly [string, Values]>([
    ["access: expected keys or existingSecret, because access.mode is apiKey", {}],
    [
      "access: expected either keys or existingSecret, got both",
      { access: { keys: [{ key: "sk-12345678" }], existingSecret: "a" } },
    ],
    [
      "access: expected neither keys nor existingSecret, because access.mode is open",
      { access: { mode: "open", existingSecret: "a" } },
    ],
    ["engine.reportAddr: expected the engine's URL", { access: { mode: "signature" } }],
    [
      "inferencePool: expected none where access.mode is signature",
      { ...SIGNATURE, inferencePool: { enabled: true } },
    ],
    ["model.host: expected the name of the model server's Service", { ...OPEN, mode: "front" }],
    ["model.host: expected none where mode is sidecar", { ...OPEN, model: { host: "vllm" } }],
    [
      "autoscaling.target: expected the model server",
      { ...OPEN, mode: "front", model: { host: "a" }, autoscaling: { kind: "keda" } },
    ],
    [
      "autoscaling.minReplicas: expected at most autoscaling.maxReplicas",
      { ...OPEN, autoscaling: { minReplicas: 9 } },
    ],
    ["worker.probePort: expected another port than worker.port", { ...OPEN, worker: { probePort: 3000 } }],
    ["at '/mode': value must be one of", { ...OPEN, mode: "side" }],
    ["at '/worker': additional properties 'prot' not allowed", { ...OPEN, worker: { prot: 1 } }],
    ["at '/access/keys/0'", { access: { keys: [{ name: "a" }] } }],
    ["at '/access/keys/0/key'", { access: { keys: [{ key: "short" }] } }],
    ["at '/autoscaling/kind'", { ...OPEN, autoscaling: { kind: "both" } }],
    ["at '/replicas': got string, want integer", { ...OPEN, replicas: "two" }],
  ])("%s", (message, values) => {
    expect(() => rendered(values)).toThrow(message);
  });
});
