import { describe, expect, test } from "vitest";
import { keyFamilies } from "../../../../src/worker/metrics/key-families.js";
import { KeysMetrics } from "../../../../src/worker/metrics/key-metrics.js";

/** The series without buckets, as `name{key,…} value`. */
function seriesOf(keys: KeysMetrics): readonly string[] {
  return keyFamilies.flatMap(({ name, read }) =>
    read([...keys])
      .filter(({ metricName = name }) => !metricName.endsWith("_bucket"))
      .map(({ metricName = name, labels, value }) => `${metricName}{${Object.values(labels)}} ${value}`),
  );
}

describe("the metrics of API keys", () => {
  test("have no series before the first request of a key", () => {
    expect(seriesOf(new KeysMetrics())).toEqual([]);
  });

  test("count by name what waits, started and ended", () => {
    const keys = new KeysMetrics();
    keys.of("alice").waiting += 3;
    keys.of("alice").started(120, 500);
    keys.of("alice").outcomes.success++;
    keys.of("bob").outcomes.rejected++;
    expect(seriesOf(keys)).toEqual([
      "tsworker_key_requests_total{alice,success} 1",
      "tsworker_key_requests_total{alice,error} 0",
      "tsworker_key_requests_total{alice,cancelled} 0",
      "tsworker_key_requests_total{alice,rejected} 0",
      "tsworker_key_requests_total{bob,success} 0",
      "tsworker_key_requests_total{bob,error} 0",
      "tsworker_key_requests_total{bob,cancelled} 0",
      "tsworker_key_requests_total{bob,rejected} 1",
      "tsworker_key_workload_total{alice} 120",
      "tsworker_key_workload_total{bob} 0",
      "tsworker_key_waiting{alice} 2",
      "tsworker_key_waiting{bob} 0",
      "tsworker_key_wait_seconds_sum{alice} 0.5",
      "tsworker_key_wait_seconds_count{alice} 1",
      "tsworker_key_wait_seconds_sum{bob} 0",
      "tsworker_key_wait_seconds_count{bob} 0",
    ]);
  });

  test("count further names together beyond 200", () => {
    const keys = new KeysMetrics();
    for (let index = 0; index < 1_000; index++) keys.of(`key-${index}`).outcomes.success++;
    const names = Array.from(keys, ({ name }) => name);
    expect(names).toHaveLength(201);
    expect(keys.of("key-199").outcomes.success).toBe(1);
    expect(keys.of("key-999")).toBe(keys.of("(others)"));
    expect(keys.of("(others)").outcomes.success).toBe(800);
  });
});
