import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { workerFile } from "../../src/cli/command/worker-file.js";
import { exampleFacts } from "../../src/cli/dev/dev-program.js";
import { type Endpoint, Serverless } from "../../src/client/index.js";
import { Engine } from "../../src/engine/index.js";
import type { Payload } from "../../src/shared/wire.js";
import { type Running, spawnTsworker } from "./command-line.js";
import { ENGINE_KEY } from "./engine-key.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";

/** Programs start, one of them compiles TypeScript, and other tests run beside them. */
const SLOW = { timeoutMs: 90_000, intervalMs: 50 };

/** Flags with which a simulated server of a kind is as fast as it can be. */
const LANGUAGE = "--tokens-per-second 20000 --batch-tokens-per-second 2000000 --first-token-ms 0";
const FAST: Readonly<Record<string, string>> = {
  comfyui: "--step-ms 1",
  training: "--batches-per-second 200",
};

/** A line of the worker's log. */
type LogLine = { readonly msg?: string } & Readonly<Record<string, unknown>>;

export interface ExampleFixtureOptions {
  /** Further flags of `tsworker sim <kind>`; the later of two counts. */
  readonly sim?: readonly string[];
  /** Environment variables of the worker. */
  readonly env?: Readonly<Record<string, string>>;
  /** Port of a model server that the test has started. Undefined: `tsworker sim` is started for the example. */
  readonly modelPort?: number;
  /** A capacity that an earlier start has measured. Undefined: the worker measures it. */
  readonly capacity?: number;
  /** True: the model server starts when the worker waits for it, so that the worker sees every failure. @default false */
  readonly isModelLast?: boolean;
}

interface Parts {
  readonly name: string;
  readonly folder: string;
  readonly engine: Engine;
  readonly worker: Running;
  /** Undefined: the example has no model server, or the test has its own. */
  readonly model: Running | undefined;
  readonly ports: { readonly worker: number; readonly local: number; readonly model: number };
}

/** An example as its user runs it: an engine, `tsworker sim` and `tsworker run`, the latter two as processes. */
export class ExampleFixture {
  readonly engine: Engine;
  readonly endpoint: Endpoint;
  /** Working directory of worker and client. */
  readonly folder: string;
  /** Base URLs: of the worker, of its second port, of the simulated model server. */
  readonly workerUrl: string;
  readonly localUrl: string;
  readonly modelUrl: string;
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    const { engine, folder, ports } = parts;
    this.#parts = parts;
    this.engine = engine;
    this.folder = folder;
    this.workerUrl = `http://127.0.0.1:${ports.worker}`;
    this.localUrl = `http://127.0.0.1:${ports.local}`;
    this.modelUrl = `http://127.0.0.1:${ports.model}`;
    this.endpoint = new Serverless({ apiKey: "key", engineUrl: engine.url }).endpoint("endpoint");
  }

  /** Starts everything; the worker may still be loading. */
  static async start(
    name: string,
    { sim = [], env: more, modelPort, capacity, isModelLast = false }: ExampleFixtureOptions = {},
  ): Promise<ExampleFixture> {
    const folder = await mkdtemp(join(tmpdir(), "tsworker-example-"));
    if (capacity !== undefined) await writeFile(join(folder, ".has_benchmark"), String(capacity));
    const engine = new Engine({
      endpoint: "endpoint",
      apiKey: "key",
      privateKey: ENGINE_KEY,
      port: await freePort(),
    });
    await engine.start();
    const ports = {
      worker: await freePort(),
      local: await freePort(),
      model: modelPort ?? (await freePort()),
    };
    const log = join(folder, "model.log");
    const { model: kind } = modelPort === undefined ? exampleFacts(workerFile(name)) : {};
    const place = ["--port", String(ports.model), "--log", log, "--load-seconds", "0.2"];
    const rate = (FAST[kind ?? ""] ?? LANGUAGE).split(" ");
    const startModel = () =>
      kind === undefined ? undefined : spawnTsworker({ cwd: folder }, "sim", kind, ...place, ...rate, ...sim);
    const first = isModelLast ? undefined : startModel();
    const env = {
      WORKER_PORT: String(ports.worker),
      WORKER_HTTP_PORT: String(ports.local),
      PUBLIC_IPADDR: "127.0.0.1",
      [`VAST_TCP_PORT_${ports.worker}`]: String(ports.worker),
      CONTAINER_ID: "7",
      REPORT_ADDR: engine.url,
      ...((kind || modelPort) && { MODEL_PORT: String(ports.model), MODEL_LOG: log }),
      ...more,
    };
    const worker = spawnTsworker({ cwd: folder, env }, "run", name);
    const parts = { name, folder, engine, worker, ports };
    if (!isModelLast) return new ExampleFixture({ ...parts, model: first });
    try {
      await eventually(() => worker.stdout().includes('"state":"loading"'), SLOW);
    } catch (error) {
      await new ExampleFixture({ ...parts, model: undefined }).stop();
      throw error;
    }
    return new ExampleFixture({ ...parts, model: startModel() });
  }

  /** The same for one test: all is stopped when it is over. */
  static async forTest(name: string, options: ExampleFixtureOptions = {}): Promise<ExampleFixture> {
    const fixture = await ExampleFixture.start(name, options);
    onTestFinished(() => fixture.stop());
    return fixture;
  }

  /** The same, with a worker that is ready. */
  static async readyForTest(name: string, options: ExampleFixtureOptions = {}): Promise<ExampleFixture> {
    const fixture = await ExampleFixture.forTest(name, options);
    await fixture.reaches("ready");
    return fixture;
  }

  /** For all tests of a file: with a worker that is ready. The caller stops it. */
  static async ready(name: string, options: ExampleFixtureOptions = {}): Promise<ExampleFixture> {
    const fixture = await ExampleFixture.start(name, options);
    try {
      await fixture.reaches("ready");
    } catch (error) {
      await fixture.stop();
      throw error;
    }
    return fixture;
  }

  /** Output of the simulated model server, its log included. */
  modelOutput(): string {
    return this.#parts.model?.stdout() ?? "";
  }

  /** The file that the simulated model server's log goes to. */
  get modelLogFile(): string {
    return join(this.folder, "model.log");
  }

  modelLog(): Promise<string> {
    return readFile(this.modelLogFile, "utf8");
  }

  /** What the worker has written to standard error. */
  get errors(): string {
    return this.#parts.worker.stderr();
  }

  /** What the worker has logged, oldest first. */
  get lines(): readonly LogLine[] {
    const whole = this.#parts.worker.stdout().split("\n").slice(0, -1);
    return whole.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as LogLine);
  }

  /** The states that the worker entered, oldest first. */
  get states(): readonly string[] {
    return this.lines.filter(({ msg }) => msg === "state").map(({ state }) => String(state));
  }

  /** Waits until the worker is in a state. @returns the line of its log with the state. */
  reaches(state: string): Promise<LogLine> {
    return this.#line(state, (lines) => [lines.at(-1)]);
  }

  /** Waits until the worker has been in a state, after so many others. @returns the first line with the state. */
  hasReached(state: string, after = 0): Promise<LogLine> {
    return this.#line(state, (lines) => lines.slice(after));
  }

  /** Counts, by outcome, the requests sent from now on that the engine has reports of. */
  endings(): () => Readonly<Record<"Success" | "Error" | "Cancelled" | "Rejected", number>> {
    const { requested } = this.engine.totals;
    return () => {
      const counts = { Success: 0, Error: 0, Cancelled: 0, Rejected: 0 };
      for (const { request_idx, status } of this.engine.ended)
        if (request_idx > requested) counts[status] += 1;
      return counts;
    };
  }

  /** Sends one request, and does not try it again. */
  async ask(route: string, payload: Payload): Promise<{ readonly status: number; readonly body: unknown }> {
    const { status, response } = await this.endpoint.request(route, payload, { retry: false });
    const isJson = response.headers.get("content-type")?.includes("json") ?? false;
    return { status, body: isJson ? await response.json() : await response.text() };
  }

  /** Runs the example's client to its end. @returns its output, errors included. */
  async client(...parameters: readonly string[]): Promise<string> {
    const { name, folder, engine } = this.#parts;
    const env = { VAST_API_KEY: "key", ENGINE_URL: engine.url, ENDPOINT_NAME: "endpoint" };
    const client = spawnTsworker({ cwd: folder, env }, "run", `${name}/client`, ...parameters);
    const code = await client.exitCode;
    const output = client.stdout() + client.stderr();
    if (code !== 0) throw new Error(`the client ended with ${code}:\n${output}`);
    return output;
  }

  async stop(): Promise<void> {
    const { worker, model, engine, folder } = this.#parts;
    for (const program of [worker, model]) program?.signal("SIGKILL");
    await Promise.all([worker.exitCode, model?.exitCode]);
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
  }

  /** Waits for a line of the worker's log with a state, among those that the caller selects. */
  #line(
    wanted: string,
    among: (lines: readonly LogLine[]) => readonly (LogLine | undefined)[],
  ): Promise<LogLine> {
    const { worker } = this.#parts;
    return eventually(() => {
      const stateLines = this.lines.filter(({ msg }) => msg === "state");
      const line = among(stateLines).find((each) => each?.state === wanted);
      if (line) return line;
      // The output of a program that died explains why the test failed.
      const output = `${worker.stdout()}${worker.stderr()}`;
      throw new Error(`expected the state ${wanted}, went through ${this.states}\n${output}`);
    }, SLOW);
  }
}
