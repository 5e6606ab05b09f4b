import { createServer } from "node:http";
import { join } from "node:path";
import { TsworkerError } from "../../shared/errors.js";
import { close, listen } from "../../shared/listen.js";

interface DevEnvironmentInput {
  readonly engineUrl: string;
  /** The token that the engine requires of reports. */
  readonly token: string;
  /** Folder for the worker's files. */
  readonly folder: string;
  /** The simulated model; undefined: none. */
  readonly model: { readonly url: string; readonly log: string } | undefined;
}

const HOST = "127.0.0.1";
const PORT = "3000";

/**
 * The environment of a worker in development. The user's variables take precedence.
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
    // The capacity of a simulated model is not that of the real one.
    BENCHMARK_FILE: join(folder, ".has_benchmark"),
    ...variables,
    MASTER_TOKEN: token,
    // The simulated model uses the user's values of MODEL_PORT and MODEL_LOG.
    ...(model && {
      MODEL_PORT: new URL(model.url).port,
      MODEL_LOG: model.log,
      DEV_MODEL_URL: model.url,
      DEV_MODEL_LOG: model.log,
    }),
  };
}

/**
 * Checks that the worker's ports are valid and free: the worker would fail, and no change of its program could correct
 * that.
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
    await withPortAdvice(`choose another port with the variable ${name}`, listen(server, HOST, port));
    await close(server);
  }
}

/**
 * Waits until a server listens. The error about a port that is in use includes advice.
 *
 * @throws TsworkerError `PORT_UNAVAILABLE`.
 */
export async function withPortAdvice<Result>(advice: string, listening: Promise<Result>): Promise<Result> {
  try {
    return await listening;
  } catch (cause) {
    if (!(cause instanceof TsworkerError) || cause.code !== "PORT_UNAVAILABLE") throw cause;
    throw new TsworkerError(
      cause.code,
      `${cause.message}, maybe another tsworker dev; end it, or ${advice}`,
      {
        cause,
      },
    );
  }
}
