import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { outputOf } from "../process.js";

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

/** Sends the bodies of a file, one a line, in turn. Every request is composed before the run. */
const script = (bodiesFile: string): string => `
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local requests = {}
local last = 0
function init()
  for body in io.lines(${JSON.stringify(bodiesFile)}) do
    requests[#requests + 1] = wrk.format(nil, nil, nil, body)
  end
end
function request()
  last = last % #requests + 1
  return requests[last]
end
`;

export interface WrkOptions {
  readonly url: string;
  readonly bodies: readonly string[];
  readonly directory: string;
  readonly seconds: number;
  readonly connections: number;
  readonly core: number;
}

/** POSTs bodies over and over, from one core. */
export async function wrk({ url, bodies, directory, seconds, connections, core }: WrkOptions): Promise<Load> {
  const [bodiesFile, scriptFile] = [join(directory, "bodies"), join(directory, "post.lua")];
  await writeFile(bodiesFile, `${bodies.join("\n")}\n`);
  await writeFile(scriptFile, script(bodiesFile));
  const load = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "30s"];
  const output = await outputOf(core, "wrk", [...load, "--latency", "-s", scriptFile, url]);
  const errors =
    /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output)?.slice(1) ?? [];
  return {
    requests: counted(output, /(\d+) requests in/),
    requestsPerSecond: counted(output, /Requests\/sec:\s+([\d.]+)/),
    p50: milliseconds(output, "50%"),
    p99: milliseconds(output, "99%"),
    failures:
      counted(output, /Non-2xx or 3xx responses: (\d+)/) +
      errors.reduce((sum, count) => sum + Number(count), 0),
  };
}
