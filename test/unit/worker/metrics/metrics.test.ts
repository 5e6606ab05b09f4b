import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { VERSION } from "../../../../src/shared/package-root.js";
import { KeysMetrics } from "../../../../src/worker/metrics/key-metrics.js";
import { Metrics } from "../../../../src/worker/metrics/metrics.js";
import { LIFECYCLE_STATES, type MetricsReading } from "../../../../src/worker/metrics/metrics-reading.js";
import { ModelMetrics } from "../../../../src/worker/metrics/model-figures.js";
import { RouteMetrics } from "../../../../src/worker/metrics/route-metrics.js";
import { parsed, valuesOf } from "../../../support/metrics-text.js";

const READING: MetricsReading = {
  state: "ready",
  queues: [{ name: "/v1/completions", limit: 4, running: 3, waiting: 0, oldestAt: undefined }],
  openLoad: 130,
  loadAhead: 100,
  capacity: 250.5,
  sessions: 2,
  workload: { received: 1000, rejected: 50, served: 800, cancelled: 60, errored: 10 },
  reports: [
    { kind: "status", delivered: 7, failed: 1 },
    { kind: "ended", delivered: 5, failed: 0 },
  ],
  undelivered: 12,
  replacedActors: 1,
  lostLogLines: 3,
  dismissedLines: 0,
};

/** The text of a worker with these metrics, parsed. */
async function scraped(reading: Partial<MetricsReading> = {}, routes: readonly RouteMetrics[] = []) {
  return parsed(await metricsOf(reading, routes).text());
}

function metricsOf(reading: Partial<MetricsReading>, routes: readonly RouteMetrics[]): Metrics {
  return new Metrics({ routes, keys: new KeysMetrics(), read: () => ({ ...READING, ...reading }) });
}

describe("the text", () => {
  test("comes with the content type that Prometheus expects", () => {
    expect(metricsOf({}, []).contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  });

  test("holds the version", async () => {
    const { series } = await scraped();
    expect(series.get(`tsworker_build_info{version="${VERSION}"}`)).toBe(1);
  });

  test("holds the requests of each route that were sent to the model again", async () => {
    const route = new RouteMetrics("/a");
    route.resent();
    const { series } = await scraped({}, [route, new RouteMetrics("/b")]);
    expect(valuesOf(series, "tsworker_model_retries_total")).toEqual([1, 0]);
  });

  test("follows the naming conventions", async () => {
    const { types, helps } = await scraped({}, [new RouteMetrics("/a")]);
    expect(types.size).toBeGreaterThan(20);
    for (const [name, type] of types) {
      expect(name).toMatch(/^(?:tsworker|gen_ai|process|nodejs)_/);
      expect(name.endsWith("_total"), name).toBe(type === "counter");
      expect(name).not.toMatch(/_(?:ms|milliseconds|kb|mb)(?:_|$)/);
      const unit = /_(seconds|bytes)(?:_total)?$/.exec(name)?.[1];
      if (unit !== undefined) expect(helps.get(name)?.toLowerCase()).toContain(unit);
    }
  });

  test("holds the process's own metrics", async () => {
    const { series } = await scraped();
    for (const name of ["process_cpu_seconds_total", "process_resident_memory_bytes"]) {
      expect(series.get(name), name).toBeGreaterThan(0);
    }
    expect(Date.now() / 1000 - (series.get("process_start_time_seconds") ?? 0)).toBeLessThan(600);
    expect(series.get(`nodejs_version_info{version="${process.version}"}`)).toBe(1);
  });
});

describe("the worker", () => {
  test.each(LIFECYCLE_STATES)("is in exactly one state: %s", async (state) => {
    const { series } = await scraped({ state });
    expect(valuesOf(series, "tsworker_state")).toEqual(
      LIFECYCLE_STATES.map((each) => Number(each === state)),
    );
    expect(series.get(`tsworker_state{state="${state}"}`)).toBe(1);
  });

  test("shows its load, workload, sessions, reports and replacements", async () => {
    const { series } = await scraped();
    expect(Object.fromEntries([...series].filter(([name]) => name.startsWith("tsworker_")))).toMatchObject({
      tsworker_open_workload: 130,
      tsworker_workload_ahead: 100,
      tsworker_capacity_workload_per_second: 250.5,
      tsworker_open_sessions: 2,
      tsworker_workload_received_total: 1000,
      'tsworker_workload_ended_total{outcome="success"}': 800,
      'tsworker_workload_ended_total{outcome="error"}': 10,
      'tsworker_workload_ended_total{outcome="cancelled"}': 60,
      'tsworker_workload_ended_total{outcome="rejected"}': 50,
      'tsworker_reports_total{kind="status",result="delivered"}': 7,
      'tsworker_reports_total{kind="status",result="failed"}': 1,
      'tsworker_reports_total{kind="ended",result="delivered"}': 5,
      'tsworker_reports_total{kind="ended",result="failed"}': 0,
      tsworker_undelivered_ended_requests: 12,
      tsworker_actor_replacements_total: 1,
      tsworker_log_lines_lost_total: 3,
    });
  });

  test("shows no capacity before it was measured", async () => {
    const { series } = await scraped({ capacity: undefined });
    expect(series.has("tsworker_capacity_workload_per_second")).toBe(false);
  });

  test("shows each queue, one without a limit too", async () => {
    const queues = [
      { name: "serial", limit: 1, running: 1, waiting: 2, oldestAt: performance.now() - 4000 },
      { name: "open", limit: Number.POSITIVE_INFINITY, running: 9, waiting: 0, oldestAt: undefined },
    ];
    const { series } = await scraped({ queues });
    const ofQueue = (what: string): readonly number[] => valuesOf(series, `tsworker_queue_${what}{`);
    expect(ofQueue("running_requests")).toEqual([1, 9]);
    expect(ofQueue("waiting_requests")).toEqual([2, 0]);
    expect(ofQueue("limit_requests")).toEqual([1, Number.POSITIVE_INFINITY]);
    const oldest = series.get('tsworker_queue_oldest_wait_seconds{queue="serial"}');
    expect(oldest).toBeGreaterThanOrEqual(4);
    expect(oldest).toBeLessThan(60);
    expect(series.get('tsworker_queue_oldest_wait_seconds{queue="open"}')).toBe(0);
  });
});

describe("a route", () => {
  test("shows every outcome from the start, so that the first of each is seen as an increase", async () => {
    const { series } = await scraped({}, [new RouteMetrics("/a")]);
    expect(valuesOf(series, "tsworker_requests_total")).toEqual([0, 0, 0, 0]);
    expect(valuesOf(series, "tsworker_responses_total")).toEqual([]);
  });

  test("shows its requests by outcome and by status, apart from other routes", async () => {
    const [first, second] = [new RouteMetrics("/a"), new RouteMetrics("/b")];
    first.ended("success", 200, 10);
    first.ended("success", 200, 10);
    first.ended("rejected", 429, 0);
    second.ended("cancelled", 499, 10);
    const { series } = await scraped({}, [first, second]);
    expect(series.get('tsworker_requests_total{route="/a",outcome="success"}')).toBe(2);
    expect(series.get('tsworker_requests_total{route="/a",outcome="rejected"}')).toBe(1);
    expect(series.get('tsworker_requests_total{route="/b",outcome="cancelled"}')).toBe(1);
    expect(series.get('tsworker_responses_total{route="/a",status="200"}')).toBe(2);
    expect(series.get('tsworker_responses_total{route="/a",status="429"}')).toBe(1);
    expect(valuesOf(series, 'tsworker_responses_total{route="/b"')).toEqual([1]);
  });

  test.each([
    [
      "tsworker_request_duration_seconds",
      (route: RouteMetrics, ms: number) => route.ended("success", 200, ms),
    ],
    ["tsworker_request_time_to_first_byte_seconds", (route: RouteMetrics, ms: number) => route.firstByte(ms)],
    ["tsworker_request_queue_wait_seconds", (route: RouteMetrics, ms: number) => route.started(ms)],
  ])("shows %s as a histogram", async (name, observe) => {
    const route = new RouteMetrics("/a");
    for (const ms of [1, 7, 7, 45_000, 4_000_000]) observe(route, ms);
    const { series, types } = await scraped({}, [route]);
    expect(types.get(name)).toBe("histogram");
    const buckets = valuesOf(series, `${name}_bucket`);
    expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
    expect(series.get(`${name}_bucket{route="/a",le="0.005"}`)).toBe(1);
    expect(series.get(`${name}_bucket{route="/a",le="0.01"}`)).toBe(3);
    expect(series.get(`${name}_bucket{route="/a",le="60"}`)).toBe(4);
    expect(series.get(`${name}_bucket{route="/a",le="1800"}`)).toBe(4);
    expect(series.get(`${name}_bucket{route="/a",le="+Inf"}`)).toBe(5);
    expect(series.get(`${name}_count{route="/a"}`)).toBe(5);
    expect(series.get(`${name}_sum{route="/a"}`)).toBeCloseTo(4045.015, 9);
  });

  test("may have quotes, backslashes and line feeds in its name", async () => {
    const route = new RouteMetrics('/a"b\\c\\n\n');
    route.ended("error", 502, 10);
    const { series } = await scraped({}, [route]);
    expect(series.get('tsworker_requests_total{route="/a\\"b\\\\c\\\\n\\n",outcome="error"}')).toBe(1);
  });
});

describe("scrape after scrape", () => {
  test("no counter ever goes down, whatever happens in between", async () => {
    const routes = [new RouteMetrics("/a"), new RouteMetrics("/b")];
    const metrics = metricsOf({}, routes);
    let before = new Map<string, number>();
    for (let round = 0; round < 20; round++) {
      for (const route of routes) {
        route.started(round);
        route.firstByte(10 - round);
        route.ended(round % 2 === 0 ? "success" : "error", 200 + round, round * 1000 - 5000);
      }
      const { series, types } = parsed(await metrics.text());
      for (const [name, value] of before) {
        const family = name.replace(/\{.*/, "");
        const isCounter = types.get(family) === "counter" || /_(?:bucket|sum|count)$/.test(family);
        if (isCounter) expect(series.get(name), name).toBeGreaterThanOrEqual(value);
      }
      before = series;
    }
    metrics.close();
  });

  test("what happens while a text is put together belongs to the next", async () => {
    const route = new RouteMetrics("/a");
    const metrics = metricsOf({}, [route]);
    route.ended("success", 200, 10);
    const first = metrics.text();
    route.ended("success", 200, 10);
    const second = metrics.text();
    for (const [text, expected] of [
      [first, 1],
      [second, 2],
    ] as const) {
      const { series } = parsed(await text);
      expect(series.get('tsworker_requests_total{route="/a",outcome="success"}')).toBe(expected);
      expect(series.get('tsworker_request_duration_seconds_count{route="/a"}')).toBe(expected);
      expect(series.get('tsworker_request_duration_seconds_bucket{route="/a",le="+Inf"}')).toBe(expected);
    }
    metrics.close();
  });

  test("texts that are requested at once are all whole", async () => {
    const metrics = metricsOf({}, [new RouteMetrics("/a")]);
    const texts = await Promise.all(Array.from({ length: 20 }, () => metrics.text()));
    const names = texts.map((text) => [...parsed(text).series.keys()].join("\n"));
    expect(new Set(names).size).toBe(1);
    metrics.close();
  });

  test("after the metrics were closed, a text is whole but for the event loop's delay", async () => {
    const metrics = metricsOf({}, []);
    await metrics.text();
    await pause(200);
    metrics.close();
    const { series } = parsed(await metrics.text());
    expect(series.get("tsworker_open_sessions")).toBe(2);
    expect(valuesOf(series, "nodejs_eventloop_lag")).toEqual([]);
  });

  test("an error while reading reaches every caller, and the next text is whole again", async () => {
    let isBroken = true;
    const metrics = new Metrics({
      routes: [],
      keys: [],
      read: () => {
        if (isBroken) throw new Error("no reading");
        return READING;
      },
    });
    await expect(metrics.text()).rejects.toThrow("no reading");
    isBroken = false;
    expect(parsed(await metrics.text()).series.get("tsworker_open_sessions")).toBe(2);
    metrics.close();
  });
});

describe("the metrics for an endpoint picker", () => {
  const QUEUES = [
    { name: "serial", limit: 1, running: 1, waiting: 2, oldestAt: performance.now() },
    { name: "open", limit: 4, running: 3, waiting: 4, oldestAt: performance.now() },
  ];
  const pickerOf = (model: string | undefined): Metrics =>
    new Metrics({
      routes: [],
      keys: [],
      read: () => ({ ...READING, queues: QUEUES }),
      picker: {
        model:
          model === undefined
            ? undefined
            : new ModelMetrics({ fetch: async () => model, onChange: () => {} }),
      },
    });
  const FULL = `vllm:num_requests_waiting 10
vllm:num_requests_running 2
vllm:kv_cache_usage_perc 0.5
vllm:cache_config_info{block_size="16",num_gpu_blocks="100"} 1
vllm:lora_requests_info{max_lora="2",running_lora_adapters="a,b",waiting_lora_adapters=""} 1.8e9
`;

  test("are not there unless they are enabled", async () => {
    const metrics = metricsOf({}, []);
    expect([...(await scraped()).types.keys()].filter((name) => name.startsWith("vllm:"))).toEqual([]);
    expect(await metrics.pickerText()).toBe("");
  });

  test("are the worker's own queues where the model server has no metrics", async () => {
    const { series, types } = parsed(await pickerOf(undefined).pickerText());
    expect(Object.fromEntries(series)).toEqual({
      "vllm:num_requests_waiting": 6,
      "vllm:num_requests_running": 4,
    });
    expect([...types.keys()]).toEqual([...series.keys()]);
  });

  test("add the model server's queue and its cache, and are among the others, too", async () => {
    const metrics = pickerOf(FULL);
    const expected = {
      "vllm:num_requests_waiting": 16,
      "vllm:num_requests_running": 2,
      "vllm:kv_cache_usage_perc": 0.5,
      'vllm:cache_config_info{block_size="16",num_gpu_blocks="100"}': 1,
      'vllm:lora_requests_info{max_lora="2",running_lora_adapters="a,b",waiting_lora_adapters=""}': 1.8e9,
    };
    expect(Object.fromEntries(parsed(await metrics.pickerText()).series)).toEqual(expected);
    const all = parsed(await metrics.text()).series;
    expect(Object.fromEntries(all)).toMatchObject({ ...expected, tsworker_open_workload: 130 });
    metrics.close();
  });
});
