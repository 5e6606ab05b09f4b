import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What wrk saw. Latencies in milliseconds. */
export interface Load {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers other than 2xx and 3xx, and socket errors. */
  readonly failures: number;
}

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };

function milliseconds(output: string, label: string): number {
  const [, value, unit] = new RegExp(`${label}\\s+([\\d.]+)(us|ms|s)`).exec(output) ?? [];
  return Number(value) * (UNITS[unit ?? ""] ?? Number.NaN);
}

const counted = (output: string, pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? 0);

export interface WrkOptions {
  readonly url: string;
  readonly body: string;
  readonly directory: string;
  readonly seconds: number;
  readonly connections: number;
  readonly core: number;
}

/** POSTs a body over and over, from one core. */
export async function wrk({ url, body, directory, seconds, connections, core }: WrkOptions): Promise<Load> {
  const script = join(directory, "post.lua");
  const headers = `wrk.headers["Content-Type"] = "application/json"`;
  await writeFile(script, `wrk.method = "POST"\nwrk.body = ${JSON.stringify(body)}\n${headers}\n`);
  const { stdout } = await run("taskset", [
    "-c",
    String(core),
    "wrk",
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--latency",
    "-s",
    script,
    url,
  ]);
  const errors =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout)?.slice(1) ?? [];
  return {
    requests: counted(stdout, /(\d+) requests in/),
    requestsPerSecond: counted(stdout, /Requests\/sec:\s+([\d.]+)/),
    p50: milliseconds(stdout, "50%"),
    p99: milliseconds(stdout, "99%"),
    failures:
      counted(stdout, /Non-2xx or 3xx responses: (\d+)/) +
      errors.reduce((sum, count) => sum + Number(count), 0),
  };
}
