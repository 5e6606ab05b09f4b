import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { keyFamilies } from "../../../src/worker/metrics/key-families.js";
import { processFamilies } from "../../../src/worker/metrics/process-families.js";
import { routeFamilies } from "../../../src/worker/metrics/route-families.js";
import { workerFamilies } from "../../../src/worker/metrics/worker-families.js";
import { noHelm, rendered } from "../../support/helm.js";
import { codeOf, root, rowsBelow, textOf } from "../support/documents.js";

/** Where it is missing, `TEST_PROMTOOL=required` makes that a failure. */
const noPromtool =
  process.env.TEST_PROMTOOL !== "required" && spawnSync("promtool", ["--version"]).status !== 0;

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface RuleObject {
  readonly kind: string;
  readonly spec: { readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[] };
}

interface ScaledObject {
  readonly kind: string;
  readonly spec: {
    readonly triggers: readonly {
      readonly name: string;
      readonly metadata: { readonly query: string; readonly threshold: string };
    }[];
  };
}

interface DashboardMap {
  readonly kind: string;
  readonly data: Readonly<Record<string, string>>;
}

interface Dashboard {
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

const objects: readonly unknown[] = noHelm
  ? []
  : rendered({
      access: { mode: "signature" },
      engine: { reportAddr: "http://engine:8080" },
      autoscaling: { kind: "keda" },
      monitoring: { alerts: { enabled: true }, dashboard: { enabled: true } },
    });

const of = <Kind extends { readonly kind: string }>(kind: string): Kind => {
  const found = (objects as readonly Kind[]).find((object) => object.kind === kind);
  if (found === undefined) throw new Error(`expected a ${kind}`);
  return found;
};

const dashboard: Dashboard = JSON.parse(
  readFileSync(root("deploy/helm/tsworker/files/dashboard.json"), "utf8"),
);
const rules = noHelm ? [] : (of<RuleObject>("PrometheusRule").spec.groups[0]?.rules ?? []);
const triggers = noHelm ? [] : of<ScaledObject>("ScaledObject").spec.triggers;

/** The dashboard's queries as Grafana sends them. */
const panelQueries = dashboard.panels.flatMap(({ targets }) =>
  targets.map(({ expr }) =>
    expr
      .replaceAll("$__rate_interval", "1m")
      .replaceAll("$namespace", "ml")
      .replaceAll("$service", "llm-tsworker-metrics"),
  ),
);

const queries = [
  ...panelQueries,
  ...rules.map(({ expr }) => expr),
  ...triggers.map(({ metadata }) => metadata.query),
  ...dashboard.templating.list.map(({ query }) => query).filter((query) => query.includes("(")),
];

/** The labels of each metric. A test holds this page to the code. */
const page = await textOf("docs/operations.md");
const labels = new Map(
  ["Of the worker", "Of each route", "Of each API key", "Of the process"].flatMap((heading) =>
    rowsBelow(page, heading).map(
      ([name, , cell = ""]) =>
        [codeOf(name), [...cell.matchAll(/`(\w+)`/g)].map(([, label]) => label)] as const,
    ),
  ),
);
const names = new Set(
  ["tsworker_build_info"].concat(
    ...[workerFamilies, routeFamilies, keyFamilies, processFamilies].map((families) =>
      families.map(({ name }) => name),
    ),
  ),
);

/** Labels that Prometheus gives each series of a pod. */
const OF_PODS = ["namespace", "service", "pod"];

/** Names of metrics in a query, without what makes a series of a histogram of them. */
const metricsIn = (query: string): readonly string[] =>
  [...query.matchAll(/\b(?:tsworker|nodejs|process)_\w+/g)].map(([name]) =>
    name.replace(/_(?:bucket|sum|count)$/, ""),
  );

test("dashboard, alerts and scaling ask for metrics that exist, and labels that they have", () => {
  expect(queries.length).toBeGreaterThan(noHelm ? 20 : 30);
  for (const query of queries) {
    const asked = metricsIn(query);
    expect(asked.length, query).toBeGreaterThan(0);
    for (const name of asked) expect([...names], query).toContain(name);
    const known = [...OF_PODS, "le", ...asked.flatMap((name) => labels.get(name) ?? [])];
    const matched = [...query.matchAll(/[{,]\s*(\w+)=/g)].map(([, label = ""]) => label);
    const grouped = [...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(/,\s*/));
    for (const label of [...matched, ...grouped]) expect(known, query).toContain(label);
  }
});

describe("the dashboard", () => {
  test("shows in its legends only labels that a query has left", () => {
    for (const { targets } of dashboard.panels)
      for (const { expr, legendFormat } of targets) {
        const kept =
          /by \(([^)]*)\)/.exec(expr)?.[1]?.split(/,\s*/) ??
          (/^(?:sum|max|histogram_quantile)\(/.test(expr) ? [] : OF_PODS);
        for (const [, label = ""] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
          expect(kept, expr).toContain(label);
      }
  });

  test("has panels that do not lie over each other", () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  test.skipIf(noHelm)("is in the ConfigMap as it is in the file", () => {
    expect(JSON.parse(of<DashboardMap>("ConfigMap").data["tsworker.json"] ?? "")).toEqual(dashboard);
  });
});

/** A folder for files of promtool. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "tsworker-promtool-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

const promtool = (...parameters: readonly string[]): string =>
  execFileSync("promtool", parameters, { encoding: "utf8", stdio: "pipe" });

/** Series as Prometheus has them of a pod of the release. */
const series = (metric: string, values: string, more = "", pod = "llm-tsworker-1") => ({
  series: `${metric}{namespace="ml",service="llm-tsworker-metrics",pod="${pod}"${more && `,${more}`}}`,
  values,
});

const SERVICE = { namespace: "ml", service: "llm-tsworker-metrics" };
const POD = { ...SERVICE, pod: "llm-tsworker-1" };

/** An alert that fires: after which time, on which series, and with which labels and text. */
interface Case {
  readonly at: string;
  readonly input: readonly { readonly series: string; readonly values: string }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  /** The same a little later or lower, so that it must not fire. */
  readonly quiet: { readonly at?: string; readonly input?: Case["input"] };
}

const WORKING = series("tsworker_requests_total", "0+90x60", 'route="/a",outcome="success"');
/** Ten of a hundred requests a minute, or thirty. */
const ended = (outcome: string, count: number): Case["input"] => [
  WORKING,
  series("tsworker_requests_total", `0+${count}x60`, `route="/a",outcome="${outcome}"`),
];

const CASES: Readonly<Record<string, Case>> = {
  TsworkerErrored: {
    at: "6m",
    input: [series("tsworker_state", "1x20", 'state="errored"')],
    labels: { ...POD, state: "errored" },
    summary: "The worker llm-tsworker-1 has been errored for 5 minutes.",
    quiet: { input: [series("tsworker_state", "1 1 0 1 1 1 1", 'state="errored"')] },
  },
  TsworkerNoneReady: {
    at: "5m",
    input: [
      series("tsworker_state", "0x20", 'state="ready"'),
      series("tsworker_state", "0x20", 'state="ready"', "llm-tsworker-2"),
    ],
    labels: SERVICE,
    summary: "No worker of llm-tsworker-metrics is ready.",
    quiet: {
      input: [
        series("tsworker_state", "0x20", 'state="ready"'),
        series("tsworker_state", "1x20", 'state="ready"', "llm-tsworker-2"),
      ],
    },
  },
  TsworkerAbsent: {
    at: "6m",
    input: [series("up", "0x20")],
    labels: SERVICE,
    summary: "Prometheus has no series of any worker of llm-tsworker.",
    quiet: { input: [series("tsworker_state", "1x20", 'state="loading"')] },
  },
  TsworkerQueueWait: {
    at: "6m",
    input: [
      series("tsworker_queue_oldest_wait_seconds", "90x20", 'queue="serial"'),
      series("tsworker_queue_oldest_wait_seconds", "1x20", 'queue="serial"', "llm-tsworker-2"),
    ],
    labels: { ...SERVICE, queue: "serial" },
    summary: "Requests have waited for 1m 30s in the queue serial.",
    quiet: { input: [series("tsworker_queue_oldest_wait_seconds", "30x20", 'queue="serial"')] },
  },
  TsworkerErrors: {
    at: "20m",
    input: ended("error", 10),
    labels: SERVICE,
    summary: "10% of the requests fail.",
    quiet: { input: ended("error", 4) },
  },
  TsworkerRejections: {
    at: "30m",
    input: ended("rejected", 30),
    labels: SERVICE,
    summary: "25% of the requests are not admitted.",
    quiet: { input: ended("rejected", 10) },
  },
  TsworkerLoopLag: {
    at: "6m",
    input: [series("nodejs_eventloop_lag_p99_seconds", "0.25x20")],
    labels: POD,
    summary: "The event loop of llm-tsworker-1 is late by 250ms.",
    quiet: { input: [series("nodejs_eventloop_lag_p99_seconds", "0.25 0.25 0.01 0.25 0.25 0.25 0.25")] },
  },
  TsworkerActorReplaced: {
    at: "10m",
    input: [series("tsworker_actor_replacements_total", "0 0 1x20")],
    labels: POD,
    summary: "An actor of llm-tsworker-1 died and was replaced.",
    quiet: { input: [series("tsworker_actor_replacements_total", "3x20")] },
  },
  TsworkerReportsFail: {
    at: "20m",
    input: [series("tsworker_reports_total", "5x30", 'kind="status",result="delivered"')],
    labels: { ...POD, kind: "status", result: "delivered" },
    summary: "No report of llm-tsworker-1 reaches the engine.",
    quiet: { input: [series("tsworker_reports_total", "5+60x30", 'kind="status",result="delivered"')] },
  },
};

describe.skipIf(noHelm || noPromtool)("promtool", () => {
  test("accepts the alerts, and the queries of dashboard and scaling", () => {
    const path = folder();
    const file = join(path, "rules.json");
    writeFileSync(file, JSON.stringify(of<RuleObject>("PrometheusRule").spec));
    expect(promtool("check", "rules", file)).toContain(`${rules.length} rules found`);
    const asked = [...panelQueries, ...triggers.map(({ metadata }) => metadata.query)];
    const recorded = asked.map((expr, index) => ({ record: `asked:${index}`, expr }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: "asked", rules: recorded }] }));
    expect(promtool("check", "rules", file)).toContain(`${asked.length} rules found`);
    writeFileSync(
      file,
      JSON.stringify({ groups: [{ name: "wrong", rules: [{ record: "a:b", expr: "sum(" }] }] }),
    );
    expect(() => promtool("check", "rules", file)).toThrow();
  });

  test("each alert has a case, of series that a worker has", () => {
    expect(Object.keys(CASES).toSorted()).toEqual(rules.map(({ alert }) => alert).toSorted());
    const given = Object.values(CASES).flatMap(({ input, quiet }) => [...input, ...(quiet.input ?? [])]);
    for (const { series: name } of given.filter((each) => !each.series.startsWith("up{"))) {
      const [metric = "", list = ""] = name.split("{");
      expect([...names], name).toContain(metric);
      const own = [...list.matchAll(/(\w+)="/g)].map(([, label = ""]) => label);
      expect(own.toSorted(), name).toEqual([...OF_PODS, ...(labels.get(metric) ?? [])].toSorted());
    }
  });

  test("each alert fires on the series that it is for, and not on others", () => {
    const path = folder();
    writeFileSync(join(path, "rules.json"), JSON.stringify(of<RuleObject>("PrometheusRule").spec));
    const tests = rules.flatMap(({ alert, labels: { severity }, annotations }) => {
      const { at, input, labels: exp_labels, summary, quiet } = CASES[alert] ?? expect.fail(alert);
      const alertOf = (time: string, exp_alerts: readonly unknown[]) => ({
        eval_time: time,
        alertname: alert,
        exp_alerts,
      });
      const fires = {
        exp_labels: { severity, ...exp_labels },
        exp_annotations: { summary, description: annotations.description },
      };
      return [
        { interval: "1m", input_series: input, alert_rule_test: [alertOf(at, [fires])] },
        {
          interval: "1m",
          input_series: quiet.input ?? input,
          alert_rule_test: [alertOf(quiet.at ?? at, [])],
        },
      ];
    });
    const file = join(path, "tests.json");
    writeFileSync(file, JSON.stringify({ rule_files: ["rules.json"], evaluation_interval: "1m", tests }));
    expect(promtool("test", "rules", file)).toContain("SUCCESS");
  });

  test("scaling asks for as many workers as the load needs", () => {
    const path = folder();
    const pods = ["llm-tsworker-1", "llm-tsworker-2"];
    const input_series = pods.flatMap((pod) => [
      series("tsworker_open_workload", "3000x20", "", pod),
      series("tsworker_capacity_workload_per_second", "100x20", "", pod),
      // 90 units a second.
      series("tsworker_workload_received_total", "0+5400x20", "", pod),
    ]);
    // A pod that loads its model has no capacity yet, and another release does not count.
    input_series.push(series("tsworker_open_workload", "0x20", "", "llm-tsworker-3"));
    input_series.push({
      series: 'tsworker_open_workload{namespace="ml",service="other-metrics",pod="other-1"}',
      values: "9000x20",
    });
    const workers: Readonly<Record<string, number>> = { "queue-wait": 60, workload: 1.8 };
    const promql_expr_test = triggers.map(({ name, metadata: { query } }) => ({
      expr: query,
      eval_time: "10m",
      exp_samples: [{ labels: "{}", value: workers[name] }],
    }));
    const file = join(path, "tests.json");
    writeFileSync(
      file,
      JSON.stringify({
        evaluation_interval: "1m",
        tests: [{ interval: "1m", input_series, promql_expr_test }],
      }),
    );
    expect(promtool("test", "rules", file)).toContain("SUCCESS");
    // 60 s of work at 10 s each are six workers; 1.8 workers' worth of arrivals at a use of 0.9 are two.
    expect(triggers.map(({ metadata }) => Number(metadata.threshold))).toEqual([10, 0.9]);
  });
});
