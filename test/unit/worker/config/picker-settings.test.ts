import { expect, test } from "vitest";
import { checkConfig } from "../../../../src/worker/config/check-config.js";
import type { WorkerConfig } from "../../../../src/worker/config/config.js";
import { pickerSettingsOf } from "../../../../src/worker/config/picker-settings.js";

const GO = { route: "/go", benchmarkConfig: { generator: () => ({}) } };
const BASE: WorkerConfig = { modelServerUrl: "http://127.0.0.1:18000/base", handlers: [GO] };

const settings = (config: Partial<WorkerConfig>, pickerMetrics = false) =>
  pickerSettingsOf(checkConfig({ ...BASE, ...config }), { pickerMetrics, modelApiKey: "k" });

const TARGET = { url: "http://127.0.0.1:18000/base/metrics", headers: { authorization: "Bearer k" } };

test("there are no metrics for a picker unless the configuration or the variable enables them", () => {
  expect(settings({})).toBeUndefined();
  expect(settings({ metrics: { endpointPicker: false } }, true)).toBeUndefined();
  expect(settings({}, true)).toEqual({ modelMetrics: TARGET });
  expect(settings({ metrics: { endpointPicker: true } })).toEqual({ modelMetrics: TARGET });
});

test("the model server's metrics have another path, or are not read", () => {
  expect(settings({ metrics: { endpointPicker: true, modelMetrics: "/prometheus" } })).toMatchObject({
    modelMetrics: { url: "http://127.0.0.1:18000/base/prometheus" },
  });
  expect(settings({ metrics: { endpointPicker: true, modelMetrics: null } })).toEqual({
    modelMetrics: undefined,
  });
  const functions = { modelServerUrl: undefined, handlers: [{ ...GO, remoteFunction: () => 1 }] };
  expect(settings({ ...functions, metrics: { endpointPicker: true } })).toEqual({ modelMetrics: undefined });
});

test.each<Partial<WorkerConfig>>([
  { handlers: [GO, { route: "/metrics" }] },
  { openRoutes: [{ route: "/metrics" }] },
])("a route of the same path is an error, with the variable, too", (config) => {
  expect(() => settings(config, true)).toThrow(
    /the route \/metrics is taken.*expected no handler and no open route/,
  );
  expect(settings(config)).toBeUndefined();
});

test.each([
  [{ modelMetrics: "metrics" }, 'metrics.modelMetrics: expected a path that begins with "/"'],
  [
    { modelMetrics: "http://127.0.0.1/metrics" },
    'metrics.modelMetrics: expected a path that begins with "/"',
  ],
  [{ endpointPicker: "yes" }, "metrics.endpointPicker: expected boolean"],
  [{ endpoint_picker: true }, "metrics.endpoint_picker"],
])("%j is an error", (metrics, message) => {
  expect(() => settings({ metrics: metrics as WorkerConfig["metrics"] })).toThrow(message);
});
