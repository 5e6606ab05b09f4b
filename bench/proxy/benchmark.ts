import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import { freePort } from "../../test/support/free-port.js";
import { markdownTable } from "../markdown-table.js";
import { median } from "../median.js";
import { workerEnvironment } from "../worker-environment.js";
import { type BenchmarkOptions, bodyFor, type Contender, measure, type Run } from "./measure.js";
import { proxyConfig } from "./nginx-config.js";
import { readShares, type Share } from "./profile.js";
import { withRig } from "./rig.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
/** Measures the request path of the worker next to nginx and to a bare `node:http` proxy, turn by turn. */
export async function proxyBenchmark(options: BenchmarkOptions): Promise<void> {
  await withRig(options.core, async ({ engine, engineUrl, directory, modelPort }) => {
    const contenders = await contendersOf(directory, modelPort, engineUrl);
    const worker = contenders[0];
    const body = bodyFor(engine, `http://127.0.0.1:${worker.port}`);
    const runs = new Map<string, Run[]>();
    for (let round = 1; round <= options.rounds; round++) {
      for (const contender of contenders) {
        const run = await measure(contender, body, directory, options);
        runs.set(contender.name, [...(runs.get(contender.name) ?? []), run]);
        console.log(
          `round ${round}/${options.rounds}  ${contender.name.padEnd(28)} ${run.cpu.toFixed(1)} CPU µs/request`,
        );
      }
    }
    const profiles = join(directory, "profile");
    await mkdir(profiles);
    const profiled = { ...worker, args: ["--cpu-prof", `--cpu-prof-dir=${profiles}`, ...worker.args] };
    await measure(profiled, body, directory, options);
    await report(runs, await readShares(profiles), body.length, options);
  });
}

async function contendersOf(
  directory: string,
  modelPort: number,
  engineUrl: string,
): Promise<[Contender, ...Contender[]]> {
  const [nginx, node] = [await freePort(), await freePort()];
  const MODEL_URL = `http://127.0.0.1:${modelPort}`;
  await writeFile(join(directory, "proxy.conf"), proxyConfig(directory, nginx, modelPort));
  const worker = await workerEnvironment(engineUrl);
  const tsworker = {
    command: process.execPath,
    args: [here("./worker.js")],
    port: worker.port,
  };
  return [
    { ...tsworker, name: "tsworker", env: { ...worker.env, MODEL_URL } },
    {
      ...tsworker,
      name: "tsworker, HTTP_SERVER=node",
      env: { ...worker.env, MODEL_URL, HTTP_SERVER: "node" },
    },
    {
      name: "nginx",
      command: "nginx",
      args: ["-p", directory, "-c", join(directory, "proxy.conf")],
      env: {},
      port: nginx,
    },
    {
      name: "node:http",
      command: process.execPath,
      args: [here("./node-proxy.js")],
      env: { PORT: String(node), MODEL_URL },
      port: node,
    },
  ];
}

async function report(
  runs: ReadonlyMap<string, readonly Run[]>,
  shares: readonly Share[],
  bodyBytes: number,
  { seconds, rounds, connections, page }: BenchmarkOptions,
): Promise<void> {
  const nginx = median((runs.get("nginx") ?? []).map(({ cpu }) => cpu));
  const rows = [...runs].map(([name, each]) => {
    const cpu = median(each.map((run) => run.cpu));
    return [
      name,
      Math.round(median(each.map((run) => run.requestsPerSecond))).toString(),
      median(each.map(({ p50 }) => p50)).toFixed(2),
      median(each.map(({ p99 }) => p99)).toFixed(2),
      cpu.toFixed(1),
      (cpu / nginx).toFixed(2),
    ];
  });
  const head = ["proxy", "req/s", "p50 ms", "p99 ms", "CPU µs/request", "× nginx"];
  const table = new Table({
    head,
    style: { head: [], border: [] },
    colAligns: ["left", "right", "right", "right", "right", "right"],
  });
  table.push(...rows);
  console.log(`\n${table.toString()}`);

  const most = shares.filter(({ share }) => share >= 0.01);
  const costs = most.map(({ part, share }) => [part, `${(share * 100).toFixed(1)} %`]);
  const costTable = new Table({
    head: ["where the worker's CPU time goes", "share"],
    style: { head: [], border: [] },
  });
  costTable.push(...costs);
  console.log(`\n${costTable.toString()}`);

  const cpu = cpus()[0]?.model ?? "unknown";
  const version = (await readFile("/proc/version", "utf8").catch(() => "")).split(" ").slice(0, 3).join(" ");
  await writeFile(
    page,
    `# Proxy benchmark

Written by \`npm run bench -- proxy\`; medians of ${rounds} rounds of ${seconds} s, the proxies turn by turn.

Signed JSON requests of ${bodyBytes} bytes over ${connections} connections, loaded by \`wrk\`. The proxy under test has one core
for itself; \`wrk\` and the model (an nginx that answers at once) share another. The worker runs with signature checks,
all actors and reports; nginx (\`proxy_pass\`, keep-alive) and the bare \`node:http\` proxy only pass bytes on. The worker's
latency has the other core's share in it, so the CPU time per request of the proxy process is the figure to look at.

${markdownTable(head, rows)}

Node.js ${process.version}, ${cpu}, ${version}.

## Where the worker's CPU time goes

From a further round under the CPU profiler, idle time left out, parts of 1 % and more.

${markdownTable(["part", "share"], costs)}
`,
  );
  console.log(`\nwritten to ${page}`);
}
