import { TsworkerError } from "../../shared/errors.js";
import { isLoopback } from "../../shared/url.js";

/** Ports of the model servers as their own commands start them; an image has others. */
const MODEL_PORTS: Readonly<Record<string, string>> = {
  vllm: "8000",
  sglang: "30000",
  "llama-cpp": "8080",
  tgi: "8080",
};

/**
 * Sets the variables of a worker without an engine, where they are not set: with API keys if there are any, and else open on
 * loopback. The worker of an example expects its model server at the port that the server has by default.
 *
 * @param worker file, or name of an example.
 * @throws TsworkerError `CONFIG_INVALID` for an address beyond loopback without keys.
 */
export function makeStandalone(worker: string, env: NodeJS.ProcessEnv): void {
  const hasKeys = Boolean(env.API_KEYS?.trim() || env.API_KEYS_FILE);
  env.ACCESS_MODE = hasKeys ? "apiKey" : "open";
  const port = MODEL_PORTS[worker];
  if (port !== undefined) env.MODEL_PORT ||= port;
  if (hasKeys) return;
  env.WORKER_HOST ||= "127.0.0.1";
  if (isLoopback(env.WORKER_HOST) || env.ACCESS_ANYWHERE) return;
  throw new TsworkerError(
    "CONFIG_INVALID",
    `--standalone with WORKER_HOST=${env.WORKER_HOST}: expected API keys, because others than this machine reach that address: set ` +
      "API_KEYS_FILE, or API_KEYS=alice:$(openssl rand -hex 16); to let everybody use the model, set ACCESS_ANYWHERE=true",
  );
}
