import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Endpoint, Serverless } from "../../src/client/index.js";
import { Engine } from "../../src/engine/index.js";
import type { Payload } from "../../src/wire.js";
import { type Running, spawnTsworker } from "./command-line.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";

/** Programs start, one of them compiles TypeScript, and other tests run beside them. */
const SLOW = { timeoutMs: 45_000, intervalMs: 20 };

/** A language model that loads and answers as fast as it can. */
const FAST =
  "--load-seconds 0.2 --tokens-per-second 20000 --batch-tokens-per-second 2000000 --first-token-ms 0".split(
    " ",
  );

/** A line of the worker's log. */
type LogLine = { readonly msg?: string } & Readonly<Record<string, unknown>>;

export interface ExampleStandOptions {
  /** Further flags of `tsworker sim <kind>`; the later of two counts. */
  readonly sim?: readonly string[];
  /** Variables of the worker. */
  readonly env?: Readonly<Record<string, string>>;
}

/** An example with a simulated language model, as its user runs it: engine, `tsworker sim` and `tsworker run`. */
export class ExampleStand {
  readonly engine: Engine;
  readonly endpoint: Endpoint;
  readonly model: Running;
  readonly worker: Running;
  /** Base URL of the worker. */
  readonly workerUrl: string;
  /** Base URL of its second port. */
  readonly localUrl: string;
  readonly modelLog: string;
  readonly #name: string;
  readonly #folder: string;

  private constructor(
    name: string,
    folder: string,
    parts: Pick<ExampleStand, "engine" | "model" | "worker" | "workerUrl" | "localUrl" | "modelLog">,
  ) {
    this.#name = name;
    this.#folder = folder;
    this.engine = parts.engine;
    this.model = parts.model;
    this.worker = parts.worker;
    this.workerUrl = parts.workerUrl;
    this.localUrl = parts.localUrl;
    this.modelLog = parts.modelLog;
    this.endpoint = new Serverless({ apiKey: "key", engineUrl: parts.engine.url }).endpoint("endpoint");
  }

  /** Starts everything; the worker may still be loading. */
  static async start(name: string, { sim = [], env }: ExampleStandOptions = {}): Promise<ExampleStand> {
    const folder = await mkdtemp(join(tmpdir(), "tsworker-example-"));
    const engine = new Engine({ endpoint: "endpoint", apiKey: "key", port: await freePort() });
    await engine.start();
    const [port, httpPort, modelPort] = [await freePort(), await freePort(), await freePort()];
    const log = join(folder, "model.log");
    const place = ["--port", String(modelPort), "--log", log];
    const model = spawnTsworker({ cwd: folder }, "sim", name, ...place, ...FAST, ...sim);
    const surroundings = {
      WORKER_PORT: String(port),
      WORKER_HTTP_PORT: String(httpPort),
      PUBLIC_IPADDR: "127.0.0.1",
      [`VAST_TCP_PORT_${port}`]: String(port),
      CONTAINER_ID: "7",
      REPORT_ADDR: engine.url,
      MODEL_PORT: String(modelPort),
      MODEL_LOG: log,
      ...env,
    };
    const worker = spawnTsworker({ cwd: folder, env: surroundings }, "run", name);
    const [workerUrl, localUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${httpPort}`];
    return new ExampleStand(name, folder, { engine, model, worker, workerUrl, localUrl, modelLog: log });
  }

  /** The same for one test: all is gone when it is over. */
  static async forTest(name: string, options: ExampleStandOptions = {}): Promise<ExampleStand> {
    const stand = await ExampleStand.start(name, options);
    onTestFinished(() => stand.stop());
    return stand;
  }

  /** The same, with a worker that is ready. */
  static async ready(name: string, options: ExampleStandOptions = {}): Promise<ExampleStand> {
    const stand = await ExampleStand.start(name, options);
    try {
      await stand.reaches("ready");
    } catch (error) {
      await stand.stop();
      throw error;
    }
    return stand;
  }

  /** What the worker has logged, oldest first. */
  get lines(): readonly LogLine[] {
    const whole = this.worker.stdout().split("\n").slice(0, -1);
    return whole.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as LogLine);
  }

  /** The states that the worker came into, oldest first. */
  get states(): readonly string[] {
    return this.lines.filter(({ msg }) => msg === "state").map(({ state }) => String(state));
  }

  /** Waits until the worker is in a state. @returns the line of its log that says so. */
  async reaches(state: string): Promise<LogLine> {
    return eventually(() => {
      const last = this.lines.findLast(({ msg }) => msg === "state");
      if (last?.state === state) return last;
      const output = `${this.worker.stdout()}${this.worker.stderr()}`;
      throw new Error(`expected the state ${state}, went through ${this.states}\n${output}`);
    }, SLOW);
  }

  /** Waits until the worker has been in a state. @returns the first line of its log that says so. */
  async hasReached(wanted: string): Promise<LogLine> {
    return eventually(() => {
      const line = this.lines.find(({ msg, state }) => msg === "state" && state === wanted);
      if (line) return line;
      throw new Error(`expected the state ${wanted}, went through ${this.states}\n${this.worker.stderr()}`);
    }, SLOW);
  }

  /** Sends one request, and does not try it again. */
  async ask(route: string, payload: Payload): Promise<{ readonly status: number; readonly body: unknown }> {
    const { status, response } = await this.endpoint.request(route, payload, { retry: false });
    const isJson = response.headers.get("content-type")?.includes("json") ?? false;
    return { status, body: isJson ? await response.json() : await response.text() };
  }

  /** Runs the example's client to its end. @returns what it printed, errors included. */
  async client(): Promise<string> {
    const env = { VAST_API_KEY: "key", ENGINE_URL: this.engine.url, ENDPOINT_NAME: "endpoint" };
    const client = spawnTsworker({ cwd: this.#folder, env }, "run", `${this.#name}/client`);
    const code = await client.exitCode;
    const output = client.stdout() + client.stderr();
    if (code !== 0) throw new Error(`the client ended with ${code}:\n${output}`);
    return output;
  }

  async stop(): Promise<void> {
    for (const { signal } of [this.worker, this.model]) signal("SIGKILL");
    await Promise.all([this.worker.exitCode, this.model.exitCode]);
    await this.engine.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
