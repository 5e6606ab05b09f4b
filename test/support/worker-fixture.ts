import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { Engine } from "../../src/engine/index.js";
import type { AuthData, EndedStatus, Payload } from "../../src/shared/wire.js";
import { ENGINE_KEY } from "./engine-key.js";
import { eventually } from "./eventually.js";
import { freePort } from "./free-port.js";
import { type Asking, ask, type Reply } from "./http-client.js";
import { RawModel } from "./raw-model.js";
import type { NamedConfig } from "./worker-main.js";
import { WorkerProcess, type WorkerProcessOptions } from "./worker-process.js";

/** Capacity of the workers of these fixtures, in units per second, so that waiting times are known. */
export const MAX_PERF = 100;
const LOADED = "Application startup complete.";
const FAILED = "Traceback";

/** A route of every worker, for `expectServing`. */
const ALIVE = "/alive";

/** Differences from the default fixture. */
export interface WorkerFixtureOptions {
  readonly handlers?: NamedConfig["handlers"];
  readonly config?: Partial<NamedConfig>;
  /** False: the model has not loaded yet. @default true */
  readonly loaded?: boolean;
  /** True: the worker uses TLS for the model, which does not. @default false */
  readonly secureModel?: boolean;
  /** True: nothing is kept of an earlier start, and one of the handlers brings the benchmark. @default false */
  readonly measures?: boolean;
  /** Further variables of the worker's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** False: the engine is down until the test starts it. @default true */
  readonly engineUp?: boolean;
}

/** What a client sends. */
export interface SentEnvelope {
  readonly auth_data: AuthData;
  readonly payload: unknown;
}

/** An engine, a model that the test controls, and a real worker process between them. */
export class WorkerFixture {
  readonly engine: Engine;
  readonly model: RawModel;
  readonly #options: WorkerProcessOptions;
  readonly #directory: string;
  #worker: WorkerProcess;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  private constructor(
    engine: Engine,
    model: RawModel,
    worker: WorkerProcess,
    options: WorkerProcessOptions,
    directory: string,
  ) {
    this.engine = engine;
    this.model = model;
    this.#worker = worker;
    this.#options = options;
    this.#directory = directory;
  }

  get worker(): WorkerProcess {
    return this.#worker;
  }

  static async start({
    handlers = [],
    config = {},
    loaded = true,
    engineUp = true,
    secureModel = false,
    measures = false,
    env = {},
  }: WorkerFixtureOptions = {}): Promise<WorkerFixture> {
    const directory = await mkdtemp(join(tmpdir(), "tsworker-http-"));
    const modelLogFile = join(directory, "model.log");
    const port = await freePort();
    const engine = new Engine({ endpoint: "endpoint", apiKey: "key", privateKey: ENGINE_KEY, port });
    const [model] = await Promise.all([
      RawModel.start(),
      engineUp && engine.start(),
      !measures && writeFile(join(directory, ".has_benchmark"), String(MAX_PERF)),
      writeFile(modelLogFile, loaded ? `${LOADED}\n` : ""),
    ]);
    const options: WorkerProcessOptions = {
      directory,
      env,
      engineUrl: `http://127.0.0.1:${port}`,
      config: {
        modelServerUrl: `${secureModel ? "https" : "http"}://127.0.0.1`,
        modelServerPort: model.port,
        modelLogFile,
        logActionConfig: { onLoad: [LOADED], onError: [FAILED] },
        handlers: [
          ...handlers,
          {
            route: ALIVE,
            allowParallelRequests: true,
            maxQueueTime: null,
            ...(!measures && { benchmarkConfig: { dataset: [{}] } }),
          },
        ],
        ...config,
      },
    };
    const state = !loaded ? "loading" : engineUp ? "ready" : "verifying";
    const worker = await WorkerProcess.start(options, state);
    return new WorkerFixture(engine, model, worker, options, directory);
  }

  /** The envelope of a client that the engine routed to this worker. */
  envelope(payload: unknown = {}): SentEnvelope {
    return { auth_data: this.engine.authData({ url: this.worker.url }), payload };
  }

  /** The same as bytes, those of the payload being the test's own. */
  envelopeBytes(payload: Buffer | string): Buffer {
    return Buffer.concat([
      Buffer.from(`{"auth_data": ${JSON.stringify(this.envelope().auth_data)}, "payload": `),
      Buffer.from(payload),
      Buffer.from("}"),
    ]);
  }

  /** The bytes of a whole request, for a bare connection. */
  requestBytes(route: string, payload: Payload = {}, headers = ""): Buffer {
    const body = this.envelopeBytes(JSON.stringify(payload));
    const head = `POST ${route} HTTP/1.1\r\nhost: worker\r\n${headers}content-length: ${body.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), body]);
  }

  /** Sends something to the worker. */
  ask(route: string, asking: Asking = {}): Promise<Reply> {
    return ask(this.worker.url + route, asking);
  }

  /** Sends a payload the way a routed client does. */
  post(route: string, payload: Payload = {}): Promise<Reply> {
    return this.ask(route, { body: this.envelope(payload) });
  }

  /**
   * Waits until the worker has handled everything that was written to its sockets before: it answers this request after
   * it, and reads later whatever is written afterwards.
   */
  async roundTrip(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const asking = get(`${this.worker.url}/no-such-route`, { agent: this.#agent }, (answer) => {
        answer.resume().once("end", resolve);
      });
      asking.once("error", reject);
    });
  }

  /** The model writes its line of readiness. */
  async modelLogs(): Promise<void> {
    await appendFile(join(this.#directory, "model.log"), `${LOADED}\n`);
  }

  /** The model's log has the line of readiness. */
  async modelLoads(): Promise<void> {
    await this.modelLogs();
    await this.worker.reaches("ready");
  }

  /** The model's log has the line of a failure. */
  async modelFails(): Promise<void> {
    await appendFile(join(this.#directory, "model.log"), `${FAILED} (most recent call last):\n`);
    await this.worker.reaches("errored");
  }

  /** Starts the worker again that was stopped, on the ports that it had. */
  async restart(): Promise<void> {
    const { url, localUrl } = this.#worker;
    const ports = { WORKER_PORT: new URL(url).port, WORKER_HTTP_PORT: new URL(localUrl).port };
    this.#worker = await WorkerProcess.start({ ...this.#options, env: { ...this.#options.env, ...ports } });
  }

  /** Waits for the report of a request's end at the engine; a second one is an error, unless the worker had to repeat it. */
  async expectReported({ auth_data }: SentEnvelope, status: EndedStatus): Promise<void> {
    await eventually(() => {
      const reported = this.engine.ended.filter(({ request_idx }) => request_idx === auth_data.request_idx);
      expect([...new Set(reported.map((end) => end.status))]).toEqual([status]);
      expect(reported.length).toBeLessThanOrEqual(1 + this.#repeated);
    });
  }

  /** Reports that were sent again: on a slow machine, the engine's answer to the first may come too late. */
  get #repeated(): number {
    return this.worker.lines.filter(({ msg, report }) => msg === "report failed" && report === "ended")
      .length;
  }

  /** The worker serves requests and has printed nothing but log lines. */
  async expectServing(): Promise<void> {
    const reply = await this.post(ALIVE);
    expect({ status: reply.status, body: reply.body.toString() }).toEqual({ status: 200, body: "{}" });
    expect(this.worker.states.at(-1)).toBe("ready");
    expect(this.worker.text).toBe("");
  }

  /**
   * Stops all of it, and checks that the worker has printed nothing but log lines, has exited with 0, has no request left
   * in its ledger, and has reported none twice.
   */
  async stop(): Promise<void> {
    this.#agent.destroy();
    const code = await this.worker.stop();
    await Promise.all([this.engine.stop(), this.model.stop()]);
    await rm(this.#directory, { recursive: true });
    expect(this.worker.text).toBe("");
    expect(this.worker.lines.filter(({ msg }) => msg === "unhandled rejection")).toEqual([]);
    expect(code).toBe(0);
    const most = 1 + this.#repeated;
    expect([...this.engine.totals.endedTimes].filter(([, times]) => times > most)).toEqual([]);
    expect(this.engine.reports.at(-1)).toMatchObject({
      cur_load: 0,
      num_requests_working: 0,
      working_request_idxs: [],
    });
  }
}
