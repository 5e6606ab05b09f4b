import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../test/support/free-port.js";
import { workerEnvironment } from "../worker-environment.js";
import type { Contender } from "./measure.js";
import { proxyConfig } from "./nginx-config.js";
import type { Rig } from "./rig.js";

export const TSWORKER = "tsworker";
export const NGINX = "nginx";
export const FLOOR = "floor (parse)";
export const BARE_FLOOR = "floor (bare)";

/** Those that are measured in every part. The others only show what a small request costs on other servers. */
export const MAIN: readonly string[] = [TSWORKER, NGINX, FLOOR, BARE_FLOOR];

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The worker and what it is compared with, all in front of one model, in the order of the tables. */
export async function contendersOf(
  { directory, engine }: Rig,
  modelPort: number,
): Promise<[Contender, ...Contender[]]> {
  const [nginx, parse, bare, node] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const MODEL_URL = `http://127.0.0.1:${modelPort}`;
  const config = join(directory, "proxy.conf");
  await writeFile(config, proxyConfig(directory, nginx, modelPort));
  const worker = await workerEnvironment(engine.url);
  // As docs/performance.md advises for many small requests.
  const args = ["--max-semi-space-size=2", here("./worker.js")];
  const tsworker = { command: process.execPath, args, port: worker.port };
  const floor = (name: string, MODE: string, port: number): Contender => ({
    name,
    command: process.execPath,
    args: [here("./floor-proxy.js")],
    env: { PORT: String(port), MODEL_PORT: String(modelPort), MODE },
    port,
  });
  return [
    { ...tsworker, name: TSWORKER, env: { ...worker.env, MODEL_URL } },
    {
      ...tsworker,
      name: "tsworker, HTTP_SERVER=node",
      env: { ...worker.env, MODEL_URL, HTTP_SERVER: "node" },
    },
    { name: NGINX, command: "nginx", args: ["-p", directory, "-c", config], env: {}, port: nginx },
    floor(FLOOR, "parse", parse),
    floor(BARE_FLOOR, "bare", bare),
    {
      name: "node:http",
      command: process.execPath,
      args: [here("./node-proxy.js")],
      env: { PORT: String(node), MODEL_URL },
      port: node,
    },
  ];
}
