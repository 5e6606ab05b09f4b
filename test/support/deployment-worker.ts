import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Running, spawnTsworker } from "./command-line.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";

interface DeploymentWorkerOptions {
  /** Path of the deployment's file. */
  readonly file: string;
  readonly engineUrl: string;
  readonly token?: string | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

/** A worker of a deployment that `tsworker serve` runs, ready. Its end is the caller's. */
export async function startDeploymentWorker({ file, engineUrl, token, env }: DeploymentWorkerOptions) {
  const folder = await mkdtemp(join(tmpdir(), "tsworker-deployment-"));
  const [port, httpPort] = [await freePort(), await freePort()];
  const surroundings = {
    cwd: folder,
    env: {
      WORKER_PORT: String(port),
      WORKER_HTTP_PORT: String(httpPort),
      PUBLIC_IPADDR: "127.0.0.1",
      [`VAST_TCP_PORT_${port}`]: String(port),
      CONTAINER_ID: "7",
      REPORT_ADDR: engineUrl,
      MASTER_TOKEN: token ?? "",
      ...env,
    },
  };
  const running: Running = spawnTsworker(surroundings, "serve", file);
  await eventually(async () => {
    const response = await fetch(`http://127.0.0.1:${httpPort}/readyz`).catch(() => undefined);
    if (response?.ok !== true) throw new Error(`not ready:\n${running.stdout()}${running.stderr()}`);
  });
  const stop = async (): Promise<void> => {
    running.signal("SIGTERM");
    await running.exitCode;
    await rm(folder, { recursive: true, force: true });
  };
  return { ...running, url: `http://127.0.0.1:${port}`, stop };
}
