import { TsworkerError } from "../../shared/errors.js";
import type { CheckedConfig } from "./config-schema.js";
import type { Environment } from "./environment.js";
import { headersOf, type Target } from "./model-headers.js";
import { encodedPath } from "./route-path.js";

/** Path of the metrics on the worker, and of those of the model server if the configuration names no other. */
export const METRICS_ROUTE = "/metrics";

/** Where the metrics for the endpoint picker of a gateway come from. */
export interface PickerSettings {
  /** The model server's own metrics; undefined: they are not read. */
  readonly modelMetrics: Target | undefined;
}

/**
 * Settings of the metrics for an endpoint picker; undefined without them.
 *
 * @throws TsworkerError `CONFIG_INVALID` if a handler or an open route has the path of the metrics.
 */
export function pickerSettingsOf(
  config: CheckedConfig,
  environment: Pick<Environment, "pickerMetrics" | "modelApiKey">,
): PickerSettings | undefined {
  const { endpointPicker = environment.pickerMetrics, modelMetrics } = config.metrics;
  if (!endpointPicker) return undefined;
  const taken = [...config.handlers, ...config.openRoutes].find(
    ({ route }) => encodedPath(route) === METRICS_ROUTE,
  );
  if (taken !== undefined)
    throw new TsworkerError(
      "CONFIG_INVALID",
      `the route ${METRICS_ROUTE} is taken: with metrics.endpointPicker (ENDPOINT_PICKER_METRICS) the worker serves it itself, ` +
        "expected no handler and no open route with that path",
    );
  const { modelServer } = config;
  return {
    modelMetrics:
      modelServer === undefined || modelMetrics === null
        ? undefined
        : { url: modelServer + modelMetrics, headers: headersOf(config, environment.modelApiKey) },
  };
}
