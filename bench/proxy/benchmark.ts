import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { printSection, type Section } from "../section.js";
import { contendersOf } from "./contenders.js";
import { longBodies } from "./long-bodies.js";
import { type BenchmarkOptions, bodyFor, measure } from "./measure.js";
import { writePage } from "./page.js";
import { readShares } from "./profile.js";
import { type Rig, withRig } from "./rig.js";
import { smallRequests } from "./small-requests.js";
import { streams } from "./streams.js";

export interface ProxyBenchmarkOptions extends Omit<BenchmarkOptions, "connections"> {
  /** Connections at once, one table for each. The first one has all proxies, and the profile. */
  readonly connections: readonly number[];
  /** Parts to run: `c32` (and so on for other connections), `streams`, `bodies`, `profile`. All when it is empty. */
  readonly only: readonly string[];
  readonly skipProfile: boolean;
}

/** Measures the request path of the worker next to nginx, to the floor, and to a bare `node:http` proxy, turn by turn. */
export async function proxyBenchmark(options: ProxyBenchmarkOptions): Promise<void> {
  const parts = partsOf(options);
  const unknown = options.only.filter((name) => !parts.has(name));
  if (unknown.length > 0)
    throw new Error(`unknown: ${unknown.join(", ")}; there are ${[...parts.keys()].join(", ")}`);
  await withRig(options.core, async (rig) => {
    const sections: Section[] = [];
    for (const [name, run] of parts) {
      if (options.only.length > 0 && !options.only.includes(name)) continue;
      const section = await run(rig);
      printSection(section);
      sections.push(section);
    }
    await writePage(sections, options);
  });
}

function partsOf(options: ProxyBenchmarkOptions): ReadonlyMap<string, (rig: Rig) => Promise<Section>> {
  const [first = 32, ...others] = options.connections;
  const parts = new Map<string, (rig: Rig) => Promise<Section>>();
  parts.set(`c${first}`, (rig) => smallRequests(rig, { ...options, connections: first }, "all"));
  for (const connections of others)
    parts.set(`c${connections}`, (rig) => smallRequests(rig, { ...options, connections }, "main"));
  parts.set("streams", (rig) => streams(rig, { ...options, connections: first }));
  parts.set("bodies", (rig) => longBodies(rig, { ...options, connections: first }));
  if (!options.skipProfile) parts.set("profile", (rig) => profile(rig, { ...options, connections: first }));
  return parts;
}

/** Where the worker's CPU time goes, from a run under the CPU profiler. */
async function profile(rig: Rig, options: BenchmarkOptions): Promise<Section> {
  const [worker] = await contendersOf(rig, rig.modelPort);
  const directory = join(rig.directory, "profile");
  await mkdir(directory);
  const profiled = { ...worker, args: ["--cpu-prof", `--cpu-prof-dir=${directory}`, ...worker.args] };
  await measure(profiled, bodyFor(rig.engine, `http://127.0.0.1:${worker.port}`), rig.directory, options);
  const shares = await readShares(directory);
  return {
    title: "Where the worker's CPU time goes",
    text: `From a further run with ${options.connections} connections under the CPU profiler, idle time left out, parts of 1 % and more.`,
    head: ["part", "share"],
    rows: shares
      .filter(({ share }) => share >= 0.01)
      .map(({ part, share }) => [part, `${(share * 100).toFixed(1)} %`]),
  };
}
