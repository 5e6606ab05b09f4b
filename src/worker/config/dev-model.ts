import { isLoopback } from "../../shared/url.js";
import type { CheckedConfig } from "./config.js";
import type { Environment } from "./environment.js";

/**
 * A configuration with the model that the environment names in the place of its own: `tsworker dev` simulates it on a port and
 * writes a log that a worker's file may not read from the environment.
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

/** Path and query of an absolute URL, where it is one of this server. */
function pathAt(text: string, server: string): string | undefined {
  if (text.startsWith("/")) return undefined;
  const [url, own] = [new URL(text), new URL(server)];
  const isOwn =
    url.host === own.host ||
    (url.port === own.port && [url, own].every(({ hostname }) => isLoopback(hostname)));
  return isOwn ? url.pathname + url.search : undefined;
}
