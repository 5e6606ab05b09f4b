import { createServer } from "node:http";
import { join } from "node:path";
import { TsworkerError } from "../../shared/errors.js";
import { close, listen } from "../../shared/listen.js";
import { orAdvise } from "../or-advise.js";

interface DevEnvironmentInput {
  readonly engineUrl: string;
  /** The token that reports to the engine must carry. */
  readonly token: string;
  /** Folder for what the worker keeps. */
  readonly folder: string;
  /** The simulated model; undefined: the worker has its own. */
  readonly model: { readonly url: string; readonly log: string } | undefined;
}

const HOST = "127.0.0.1";
const PORT = "3000";

/**
 * The environment of a worker in development. What the user has set wins.
 *
 * @param variables the user's own.
 */
export function devEnvironment(
  variables: NodeJS.ProcessEnv,
  { engineUrl, token, folder, model }: DevEnvironmentInput,
): NodeJS.ProcessEnv {
  const port = variables.WORKER_PORT ?? PORT;
  return {
    WORKER_PORT: port,
    WORKER_HTTP_PORT: String(Number(port) + 1),
    PUBLIC_IPADDR: HOST,
    [`VAST_TCP_PORT_${port}`]: port,
    CONTAINER_ID: "1",
    REPORT_ADDR: engineUrl,
    INSPECT: "1",
    // What the simulated model can do says nothing of the real one.
    BENCHMARK_FILE: join(folder, ".has_benchmark"),
    ...variables,
    MASTER_TOKEN: token,
    // Where they are the user's, the model was started by them.
    ...(model && {
      MODEL_PORT: new URL(model.url).port,
      MODEL_LOG: model.log,
      DEV_MODEL_URL: model.url,
      DEV_MODEL_LOG: model.log,
    }),
  };
}

/**
 * Makes sure that the worker's ports are some, and that nobody has them: the worker would fail, and no change of its
 * program could mend that.
 *
 * @throws TsworkerError `ENVIRONMENT_INVALID`, `PORT_UNAVAILABLE`.
 */
export async function checkWorkerPorts(env: NodeJS.ProcessEnv): Promise<void> {
  for (const name of ["WORKER_PORT", "WORKER_HTTP_PORT"] as const) {
    const port = Number(env[name]);
    if (!Number.isInteger(port) || port < 1 || port > 65535) {
      const message = `${name}: expected a port number from 1 to 65535, got ${JSON.stringify(env[name])}`;
      throw new TsworkerError("ENVIRONMENT_INVALID", message);
    }
    const server = createServer();
    await orAdvise(`choose another port with the variable ${name}`, listen(server, HOST, port));
    await close(server);
  }
}
