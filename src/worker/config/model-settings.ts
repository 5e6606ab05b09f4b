import type { Readiness } from "../../../machines/model.js";
import { TsworkerError } from "../../shared/errors.js";
import { isLoopback } from "../../shared/url.js";
import type { CheckedConfig } from "./config-schema.js";
import type { Environment } from "./environment.js";
import { headersOf, type ModelHeaders, secretsIn, targetOf } from "./model-headers.js";

/** How the model is observed, and which event means that it has loaded. */
export interface Observation {
  /** Health URL; undefined without one. */
  readonly health: string | undefined;
  /** Headers of each request to it. */
  readonly healthHeaders: ModelHeaders;
  readonly readiness: Readiness;
  /** The event that a loading model is waited for, in words. */
  readonly awaited: string;
}

/** @throws TsworkerError `CONFIG_INVALID` if no event could ever mean that the model has loaded. */
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
      ? "no sign of a loaded model is configured: expected modelLogFile with logActionConfig.onLoad, a health URL " +
          "(modelHealthcheckUrl, or the variable MODEL_HEALTH_ENDPOINT), or lifecycle.start"
      : `readiness is "${readiness}", and that needs a health URL: expected modelHealthcheckUrl, or the variable ` +
          "MODEL_HEALTH_ENDPOINT",
  );
}

/**
 * A configuration whose model server and log are replaced by those of the environment: `tsworker dev` simulates a model on a
 * port and with a log that the worker's file need not read from the environment.
 */
export function withDevModel(
  config: CheckedConfig,
  { devModelUrl, devModelLog }: Pick<Environment, "devModelUrl" | "devModelLog">,
): CheckedConfig {
  const { modelServer, modelHealthcheckUrl: health, modelLogFile } = config;
  const isMoved = modelServer !== undefined && devModelUrl !== undefined;
  const path = isMoved && health !== undefined ? pathAt(health, modelServer) : undefined;
  return {
    ...config,
    ...(isMoved && { modelServer: devModelUrl }),
    ...(path !== undefined && { modelHealthcheckUrl: devModelUrl + path }),
    ...(modelLogFile !== undefined && devModelLog !== undefined && { modelLogFile: devModelLog }),
  };
}

/** Path and query of an absolute URL on this server; undefined for others. */
function pathAt(text: string, server: string): string | undefined {
  if (text.startsWith("/")) return undefined;
  const [url, own] = [new URL(text), new URL(server)];
  const isOwn =
    url.host === own.host ||
    (url.port === own.port && [url, own].every(({ hostname }) => isLoopback(hostname)));
  return isOwn ? url.pathname + url.search : undefined;
}

/** Secrets to redact everywhere: the worker's own token, and the model's keys. */
export function secretsOf(config: CheckedConfig, environment: Environment): readonly string[] {
  const { masterToken, modelApiKey, healthEndpoint, tracing } = environment;
  const health = config.modelHealthcheckUrl ?? healthEndpoint;
  return [
    masterToken,
    ...(modelApiKey === undefined ? [] : [modelApiKey]),
    ...secretsIn(headersOf(config, modelApiKey)),
    ...secretsIn(tracing.kind === "on" ? tracing.settings.headers : {}),
    ...(health === undefined || health.startsWith("/") ? [] : secretsIn(targetOf(health, undefined).headers)),
  ];
}
