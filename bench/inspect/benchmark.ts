import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import Table from "cli-table3";
import { WebSocket } from "ws";
import { markdownTable } from "../markdown-table.js";
import { median } from "../median.js";
import { type BenchmarkOptions, bodyFor, type Contender, measure, type Run } from "../proxy/measure.js";
import { withRig } from "../proxy/rig.js";
import { workerEnvironment } from "../worker-environment.js";

interface Variant extends Contender {
  /** Pages that are open meanwhile. */
  readonly pages: number;
}

const WORKER = fileURLToPath(new URL("../proxy/worker.js", import.meta.url));
const OFF = "no inspector";

/** Measures what the inspector costs on the request path: without one, without a page, and with pages open. */
export async function inspectBenchmark(options: BenchmarkOptions): Promise<void> {
  await withRig(options.core, async ({ engine, directory, modelPort }) => {
    const { port, httpPort, env } = await workerEnvironment(engine.url);
    const worker = { command: process.execPath, args: [WORKER], port };
    const off = { ...env, MODEL_URL: `http://127.0.0.1:${modelPort}` };
    const on = { ...off, INSPECT: "1" };
    const variants: readonly Variant[] = [
      { ...worker, name: OFF, env: off, pages: 0 },
      { ...worker, name: "inspector, no page", env: on, pages: 0 },
      { ...worker, name: "inspector, one page", env: on, pages: 1 },
      { ...worker, name: "inspector, ten pages", env: on, pages: 10 },
    ];
    const body = bodyFor(engine, `http://127.0.0.1:${port}`);
    const runs = new Map<string, Run[]>();
    for (let round = 1; round <= options.rounds; round++) {
      for (const variant of variants) {
        const run = await measure(variant, body, directory, options, () =>
          openPages(httpPort, variant.pages),
        );
        runs.set(variant.name, [...(runs.get(variant.name) ?? []), run]);
        console.log(
          `round ${round}/${options.rounds}  ${variant.name.padEnd(28)} ${run.cpu.toFixed(1)} CPU µs/request`,
        );
      }
    }
    await report(runs, options);
  });
}

/** Opens what a page opens, and reads what it reads. @returns closes it. */
function openPages(httpPort: number, count: number): () => void {
  const pages = Array.from(
    { length: count },
    () => new WebSocket(`ws://127.0.0.1:${httpPort}/inspect/socket`),
  );
  return () => {
    for (const page of pages) page.terminate();
  };
}

async function report(
  runs: ReadonlyMap<string, readonly Run[]>,
  { seconds, rounds, connections, page }: BenchmarkOptions,
): Promise<void> {
  const cpuOf = (name: string): number => median((runs.get(name) ?? []).map(({ cpu }) => cpu));
  const rows = [...runs].map(([name, each]) => [
    name,
    Math.round(median(each.map((run) => run.requestsPerSecond))).toString(),
    median(each.map(({ p99 }) => p99)).toFixed(2),
    cpuOf(name).toFixed(1),
    `${((cpuOf(name) / cpuOf(OFF) - 1) * 100).toFixed(1)} %`,
  ]);
  const head = ["worker", "req/s", "p99 ms", "CPU µs/request", "more than without"];
  const table = new Table({
    head,
    style: { head: [], border: [] },
    colAligns: ["left", "right", "right", "right", "right"],
  });
  table.push(...rows);
  console.log(`\n${table.toString()}`);
  await writeFile(
    page,
    `# What the inspector costs

Written by \`npm run bench -- inspect\`; medians of ${rounds} rounds of ${seconds} s, the variants turn by turn, under the load of the
[proxy benchmark](proxy.md) over ${connections} connections.

${markdownTable(head, rows)}
`,
  );
  console.log(`\nwritten to ${page}`);
}
