import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { inspect } from "node:util";
import { jsonText } from "../../shared/json-text.js";
import type { Log } from "../../shared/log.js";
import { isLoopback } from "../../shared/url.js";
import type { CheckedConfig } from "../config/config-schema.js";

/** The configuration that a benchmark measured, as text, by part. */
export type Measured = Readonly<Record<string, string>>;

/** The parts of a configuration that a benchmark's result depends on. Functions count by their source text. */
export function measuredBy({ handlers, benchmark, modelServer }: CheckedConfig): Measured {
  const { handler, runs, concurrency, doWarmup } = benchmark;
  const { benchmarkConfig, multipart, remoteFunction, route, modelRoute, workloadCalculator } = handler;
  const { generatePayloadJson, generatePayloadMultipart } = handler;
  const routes = handlers.map(({ route, queue, limit }) => `${route} ${queue} ${limit}`).toSorted();
  return {
    routes: routes.join("\n"),
    route,
    runs: String(runs),
    concurrency: String(concurrency),
    doWarmup: String(doWarmup),
    dataset: textOf(benchmarkConfig?.dataset),
    generator: textOf(benchmarkConfig?.generator),
    workloadCalculator: textOf(workloadCalculator),
    remoteFunction: textOf(remoteFunction),
    multipart: textOf(multipart),
    modelServer: serverOf(modelServer),
    // Results that were kept before these options existed stay valid.
    ...(modelRoute !== route && { modelRoute }),
    ...(generatePayloadJson !== undefined && { generatePayloadJson: textOf(generatePayloadJson) }),
    ...(generatePayloadMultipart !== undefined && {
      generatePayloadMultipart: textOf(generatePayloadMultipart),
    }),
  };
}

/** On loopback without the port, which is often another one at each start. */
function serverOf(modelServer: string | undefined): string {
  if (modelServer === undefined) return "undefined";
  const { protocol, hostname, host, pathname } = new URL(modelServer);
  return `${protocol}//${isLoopback(hostname) ? hostname : host}${pathname}`;
}

function textOf(value: unknown): string {
  if (value === undefined || typeof value === "function" || typeof value === "string") return String(value);
  try {
    return jsonText(value);
  } catch {
    // A payload for a function need not be JSON.
    return inspect(value, { depth: null, maxArrayLength: null, maxStringLength: null });
  }
}

/**
 * The benchmark's result over restarts: a number as text, and in a companion file `<file>.key` a hash of each part of
 * what was measured. A file without a companion was written by another program or by hand, and counts as it is.
 */
export class KeptBenchmark {
  readonly #file: string;
  readonly #hashes: ReadonlyMap<string, string>;
  readonly #log: Log;

  constructor(file: string, measured: Measured, log: Log) {
    this.#file = file;
    this.#hashes = new Map(
      Object.entries(measured).map(([part, text]) => [part, createHash("sha256").update(text).digest("hex")]),
    );
    this.#log = log;
  }

  /** @returns undefined if there is none, or it is of another configuration. */
  async read(): Promise<number | undefined> {
    const text = await readFile(this.#file, "utf8").catch(() => undefined);
    const result = Number(text?.trim() || Number.NaN);
    if (!Number.isFinite(result) || result <= 0) return undefined;
    const changed = await this.#changed();
    if (changed.length > 0) {
      this.#log.info(
        { kept: result, changed, file: this.#file },
        "benchmark is measured again: what the kept result was measured with has changed",
      );
      return undefined;
    }
    this.#log.info({ maxPerf: result, file: this.#file }, "benchmark result kept from an earlier start");
    return result;
  }

  async write(result: number): Promise<void> {
    try {
      // In this order: a result that lies beside the hashes of another one is measured again.
      await writeFile(this.#file, String(result));
      const lines = [...this.#hashes].map(([part, hash]) => `${part} ${hash}\n`);
      await writeFile(this.#companion, lines.join(""));
    } catch (error) {
      this.#log.warn(
        { err: error, file: this.#file },
        "benchmark result not kept: the next start measures again",
      );
    }
  }

  get #companion(): string {
    return `${this.#file}.key`;
  }

  /** The parts that have changed; none without a companion. */
  async #changed(): Promise<readonly string[]> {
    const text = await readFile(this.#companion, "utf8").catch(() => undefined);
    if (text === undefined) return [];
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    const before = new Map(
      lines.map((line) => {
        const [part = "", hash = ""] = line.trim().split(/\s+/);
        return [part, hash];
      }),
    );
    return [...new Set([...this.#hashes.keys(), ...before.keys()])].filter(
      (part) => this.#hashes.get(part) !== before.get(part),
    );
  }
}
