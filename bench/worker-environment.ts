import { freePort } from "../test/support/free-port.js";

/** The environment of a benchmark's worker, on free ports. */
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
