import type { Engine } from "tsworker/engine";
import { answers, cpuSeconds, otherCore, spawnOn, stop } from "../process.js";
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
}

/** How a run goes. */
export interface RunOptions {
  readonly seconds: number;
  readonly connections: number;
  /** The core that the proxy has for itself. */
  readonly core: number;
}

/** What a benchmark under load is run with. */
export interface BenchmarkOptions extends RunOptions {
  readonly rounds: number;
  /** File that the results are written to. */
  readonly page: string;
}

/** The route that is called. */
export const ROUTE = "/v1/completions";

/** A signed request of a usual size: most of it is the signature. */
export const bodyFor = (engine: Engine, url: string): string =>
  JSON.stringify({
    auth_data: engine.authData({ url, cost: 128 }),
    payload: { model: "m", prompt: "Say hello.", max_tokens: 128, temperature: 0.7 },
  });

/**
 * Loads a proxy.
 *
 * @param beside begins what goes on meanwhile, and returns what ends it.
 */
export async function measure(
  { name, command, args, env, port }: Contender,
  body: string,
  directory: string,
  { seconds, connections, core }: RunOptions,
  beside: () => () => void = () => () => {},
): Promise<Run> {
  const proxy = spawnOn(core, command, args, env, directory);
  try {
    const url = `http://127.0.0.1:${port}${ROUTE}`;
    await answers(url, body, proxy);
    const load = { url, body, directory, connections, core: otherCore(core) };
    const end = beside();
    await wrk({ ...load, seconds: 2 });
    const pid = proxy.pid ?? 0;
    const before = await cpuSeconds(pid);
    const result = await wrk({ ...load, seconds });
    const used = (await cpuSeconds(pid)) - before;
    end();
    if (result.failures > 0)
      throw new Error(`${name}: ${result.failures} of ${result.requests} requests failed`);
    return { ...result, cpu: (used / result.requests) * 1e6 };
  } finally {
    await stop(proxy);
  }
}
