import type { CheckedConfig } from "./config.js";
import type { Environment } from "./environment.js";
import { headersOf, secretsIn, targetOf } from "./model-headers.js";

/** Texts that must not be read anywhere: the worker's own token, and the model's keys. */
export function secretsOf(config: CheckedConfig, environment: Environment): readonly string[] {
  const { masterToken, modelApiKey, healthEndpoint } = environment;
  const health = config.modelHealthcheckUrl ?? healthEndpoint;
  return [
    masterToken,
    ...(modelApiKey === undefined ? [] : [modelApiKey]),
    ...secretsIn(headersOf(config, modelApiKey)),
    ...(health === undefined || health.startsWith("/") ? [] : secretsIn(targetOf(health, undefined).headers)),
  ];
}
