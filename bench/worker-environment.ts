import { freePort } from "../test/support/free-port.js";

/** What a worker of a benchmark is started with, on ports that nobody else uses. */
export async function workerEnvironment(
  engineUrl: string,
): Promise<{ port: number; httpPort: number; env: NodeJS.ProcessEnv }> {
  const [port, httpPort] = [await freePort(), await freePort()];
  return {
    port,
    httpPort,
    env: {
      WORKER_PORT: String(port),
      WORKER_HTTP_PORT: String(httpPort),
      PUBLIC_IPADDR: "127.0.0.1",
      [`VAST_TCP_PORT_${port}`]: String(port),
      CONTAINER_ID: "1",
      REPORT_ADDR: engineUrl,
    },
  };
}
