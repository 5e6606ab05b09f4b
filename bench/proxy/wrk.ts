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

/** Indexes of requests have ten digits, so that bodies have one length. */
const FIRST_INDEX = 1_000_000_000;
const INDEXES_PER_RUN = 5_000_000;
let runs = 0;

/** JSON in which each request has an index of its own, of all that this process sends, as those of a real endpoint have. */
const jsonScript = (bodyFile: string): string => `
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local pieces = {}
local index = ${FIRST_INDEX + runs++ * INDEXES_PER_RUN}
function init()
  local whole = wrk.format(nil, nil, nil, io.open(${JSON.stringify(bodyFile)}):read("*a"))
  for piece in (whole .. "${FIRST_INDEX}"):gmatch("(.-)${FIRST_INDEX}") do
    pieces[#pieces + 1] = piece
  end
end
function request()
  index = index + 1
  return table.concat(pieces, string.format("%d", index))
end
`;

const msgpackScript = (bodyFile: string): string => `
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/msgpack"
wrk.body = io.open(${JSON.stringify(bodyFile)}, "rb"):read("*a")
`;

export interface WrkOptions {
  readonly url: string;
  /** JSON as text, or bytes of msgpack. */
  readonly body: string | Buffer;
  readonly directory: string;
  readonly seconds: number;
  readonly connections: number;
  readonly core: number;
}

/** POSTs a body over and over, from one core. */
export async function wrk({ url, body, directory, seconds, connections, core }: WrkOptions): Promise<Load> {
  const [bodyFile, scriptFile] = [join(directory, "body"), join(directory, "post.lua")];
  const isText = typeof body === "string";
  await writeFile(
    bodyFile,
    isText ? body.replace(/("(?:reqnum|request_idx)":)\d+/g, `$1${FIRST_INDEX}`) : body,
  );
  await writeFile(scriptFile, isText ? jsonScript(bodyFile) : msgpackScript(bodyFile));
  const load = ["-t1", `-c${connections}`, `-d${seconds}s`];
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
