import type { Section } from "../section.js";
import { contendersOf, FLOOR, MAIN, NGINX } from "./contenders.js";
import { type BenchmarkOptions, bodyFor, measure, type Run } from "./measure.js";
import type { Rig } from "./rig.js";
import { Rounds } from "./rounds.js";

const HEAD = [
  "proxy",
  "req/s",
  "p50 ms",
  "× nginx",
  "p99 ms",
  "× nginx",
  "CPU µs/request",
  "× nginx",
  "× floor",
  "RSS MB",
  "at rest",
];

/** Small signed requests over so many connections: through all proxies, or only through the main ones. */
export async function smallRequests(
  rig: Rig,
  options: BenchmarkOptions,
  which: "all" | "main",
): Promise<Section> {
  const all = await contendersOf(rig, rig.modelPort);
  const contenders = which === "all" ? all : all.filter(({ name }) => MAIN.includes(name));
  const body = bodyFor(rig.engine, `http://127.0.0.1:${all[0].port}`);
  const { rounds, connections } = options;
  const runs = await Rounds.take(
    rounds,
    contenders,
    (contender) => measure(contender, body, rig.directory, options),
    ({ cpu }) => `c${connections}  ${cpu.toFixed(1)} CPU µs/request`,
  );
  const { reports, bytes } = await rig.engine.received();
  return {
    title: connections === 1 ? "1 connection" : `${connections} connections`,
    text: `Signed JSON requests of ${body.length} bytes, answers of some 200 bytes. Until its end the engine had received ${reports} reports (${(bytes / 1e6).toFixed(0)} MB).`,
    head: HEAD,
    rows: runs.names.map((name) => row(runs, name)),
  };
}

function row(runs: Rounds<Run>, name: string): readonly string[] {
  const value = (of: (run: Run) => number, digits: number): string => runs.median(name, of).toFixed(digits);
  const ratio = (of: (run: Run) => number, other: string): string => runs.ratio(name, other, of).toFixed(2);
  const [p50, p99, cpu] = [(run: Run) => run.p50, (run: Run) => run.p99, (run: Run) => run.cpu];
  return [
    name,
    value((run) => run.requestsPerSecond, 0),
    value(p50, 2),
    ratio(p50, NGINX),
    value(p99, 2),
    ratio(p99, NGINX),
    value(cpu, 1),
    ratio(cpu, NGINX),
    ratio(cpu, FLOOR),
    value((run) => run.rssMb, 0),
    value((run) => run.restMb, 0),
  ];
}
