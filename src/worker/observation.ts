import type { Readiness } from "../../machines/model.js";
import { TsworkerError } from "../shared/errors.js";
import type { CheckedConfig } from "./config/config.js";
import type { Environment } from "./config/environment.js";
import { headersOf, type ModelHeaders, targetOf } from "./config/model-headers.js";

/** What is watched of the model, and what tells that it has loaded. */
export interface Observation {
  /** URL; undefined where there is none. */
  readonly health: string | undefined;
  /** What each request to it has. */
  readonly healthHeaders: ModelHeaders;
  readonly readiness: Readiness;
  /** What a model that has not loaded is waited for, in words. */
  readonly awaited: string;
}

/** @throws TsworkerError `CONFIG_INVALID` where nothing could ever tell that the model has loaded. */
export function observationOf(config: CheckedConfig, environment: Environment): Observation {
  const { modelServer, modelLogFile, logActionConfig, lifecycle } = config;
  const named = config.modelHealthcheckUrl ?? environment.healthEndpoint;
  const isPath = named?.startsWith("/") === true;
  const full = !isPath ? named : modelServer !== undefined ? modelServer + named : undefined;
  const server =
    modelServer === undefined
      ? undefined
      : { url: modelServer, headers: headersOf(config, environment.modelApiKey) };
  const target = full === undefined ? undefined : targetOf(full, server);
  const health = target?.url;
  const healthHeaders = target?.headers ?? {};
  const lines = `a line with ${logActionConfig.onLoad.map((line) => (typeof line === "string" ? `"${line}"` : String(line))).join(" or ")} in ${modelLogFile}`;
  const url = `${health} to answer 200`;
  const hasLog = modelLogFile !== undefined && logActionConfig.onLoad.length > 0;
  const { readiness } = config;
  if (readiness === "either" && health !== undefined)
    return { health, healthHeaders, readiness, awaited: `${lines}, or ${url}` };
  if (readiness === "log") return { health, healthHeaders, readiness, awaited: lines };
  if (readiness === undefined) {
    if (lifecycle?.start !== undefined)
      return { health, healthHeaders, readiness: "lifecycle", awaited: "lifecycle.start to end" };
    if (hasLog) return { health, healthHeaders, readiness: "log", awaited: lines };
  }
  if (health !== undefined) return { health, healthHeaders, readiness: "health", awaited: url };
  if (readiness === undefined && modelServer === undefined)
    return { health, healthHeaders, readiness: "none", awaited: "nothing" };
  throw new TsworkerError(
    "CONFIG_INVALID",
    readiness === undefined
      ? "nothing tells when the model has loaded: expected modelLogFile with logActionConfig.onLoad, a health URL " +
          "(modelHealthcheckUrl, or the variable MODEL_HEALTH_ENDPOINT), or lifecycle.start"
      : `readiness is "${readiness}", and that needs a health URL: expected modelHealthcheckUrl, or the variable ` +
          "MODEL_HEALTH_ENDPOINT",
  );
}
