import type { ChildProcess } from "node:child_process";
import type { BenchEngine } from "../bench-engine.js";
import { answers, cpuSeconds, otherCore, residentMb, spawnOn, stop } from "../process.js";
import { type Load, wrk } from "./wrk.js";

/** A proxy under test. */
export interface Contender {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly port: number;
}

/** What one run of it has measured. */
export interface Run extends Load {
  /** CPU time of the proxy process, in microseconds per request. */
  readonly cpu: number;
  /** Resident memory in MB, before the first load and after the run. */
  readonly restMb: number;
  readonly rssMb: number;
}

/** How a run goes. */
export interface RunOptions {
  readonly seconds: number;
  readonly connections: number;
  /** The core that the proxy has for itself. */
  readonly core: number;
  /** @default {@link ROUTE} */
  readonly route?: string;
}

/** What a benchmark under load is run with. */
export interface BenchmarkOptions extends RunOptions {
  readonly rounds: number;
  /** File that the results are written to. */
  readonly page: string;
}

/** The route that is called. */
export const ROUTE = "/v1/completions";

/** Requests that differ in their index, as those of a real endpoint do. */
const DISTINCT_REQUESTS = 512;

/** Signed requests with a payload. */
export const signedBodies = (
  engine: BenchEngine,
  url: string,
  payload: object,
  count = DISTINCT_REQUESTS,
): readonly string[] =>
  Array.from({ length: count }, () =>
    JSON.stringify({ auth_data: engine.authData({ url, cost: 128 }), payload }),
  );

/** Signed requests of a usual size: most of it is the signature. */
export const bodiesFor = (engine: BenchEngine, url: string): readonly string[] =>
  signedBodies(engine, url, { model: "m", prompt: "Say hello.", max_tokens: 128, temperature: 0.7 });

/** Seconds of load before what is measured. */
export const warmUpSeconds = (seconds: number): number => Math.min(2, seconds);

/** Starts a proxy, waits until it answers a body on a route with 200, and stops it when a measure was taken. */
export async function withProxy<T>(
  { command, args, env, port }: Contender,
  core: number,
  directory: string,
  { route, body }: { readonly route: string; readonly body: string },
  take: (proxy: ChildProcess, url: string) => Promise<T>,
): Promise<T> {
  const proxy = spawnOn(core, command, args, { env, cwd: directory });
  try {
    const origin = `http://127.0.0.1:${port}`;
    await answers(`${origin}${route}`, body, proxy);
    return await take(proxy, origin);
  } finally {
    await stop(proxy);
  }
}

/**
 * Loads a proxy.
 *
 * @param beside begins what goes on meanwhile, and returns what ends it.
 */
export async function measure(
  contender: Contender,
  bodies: readonly string[],
  directory: string,
  { seconds, connections, core, route = ROUTE }: RunOptions,
  beside: () => () => void = () => () => {},
): Promise<Run> {
  const probe = { route, body: bodies[0] ?? "" };
  return withProxy(contender, core, directory, probe, async ({ pid = 0 }, origin) => {
    const load = { url: `${origin}${route}`, bodies, directory, connections, core: otherCore(core) };
    const restMb = await residentMb(pid);
    const end = beside();
    await wrk({ ...load, seconds: warmUpSeconds(seconds) });
    const before = await cpuSeconds(pid);
    const result = await wrk({ ...load, seconds });
    const used = (await cpuSeconds(pid)) - before;
    end();
    if (result.failures > 0)
      throw new Error(`${contender.name}: ${result.failures} of ${result.requests} requests failed`);
    return { ...result, cpu: (used / result.requests) * 1e6, restMb, rssMb: await residentMb(pid) };
  });
}
