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
  /** @default false */
  readonly isTls?: boolean;
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

/** A signed request with a payload. */
export const signedBody = (engine: BenchEngine, url: string, payload: object): string =>
  JSON.stringify({ auth_data: engine.authData({ url, cost: 128 }), payload });

/** A signed request of a usual size: most of it is the signature. */
export const bodyFor = (engine: BenchEngine, url: string): string =>
  signedBody(engine, url, { model: "m", prompt: "Say hello.", max_tokens: 128, temperature: 0.7 });

/**
 * Seconds of load before what is measured: V8 compiles the code of a request's way for the last time after some 50,000
 * requests, and before that a request costs half as much again.
 */
export const warmUpSeconds = (seconds: number): number => Math.min(6, 2 * seconds);

/** Starts a proxy, waits until it answers a body on a route with 200, and stops it when a measure was taken. */
export async function withProxy<T>(
  { command, args, env, port, isTls = false }: Contender,
  core: number,
  directory: string,
  { route, body }: { readonly route: string; readonly body: string | Buffer },
  take: (proxy: ChildProcess, url: string) => Promise<T>,
): Promise<T> {
  const proxy = spawnOn(core, command, args, { env, cwd: directory });
  try {
    const origin = `${isTls ? "https" : "http"}://127.0.0.1:${port}`;
    await answers(`${origin}${route}`, body, proxy);
    return await take(proxy, origin);
  } finally {
    await stop(proxy);
  }
}

/**
 * Loads a proxy.
 *
 * @param beside starts the work beside the measurement, and returns what stops it.
 */
export async function measure(
  contender: Contender,
  body: string | Buffer,
  directory: string,
  { seconds, connections, core, route = ROUTE }: RunOptions,
  beside: () => () => void = () => () => {},
): Promise<Run> {
  return withProxy(contender, core, directory, { route, body }, async ({ pid = 0 }, origin) => {
    const load = { url: `${origin}${route}`, body, directory, connections, core: otherCore(core) };
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
