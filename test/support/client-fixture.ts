import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine } from "../../src/engine/index.js";
import type { ModelSimulator } from "../../src/simulator/model-simulator.js";
import { ENGINE_KEY } from "./engine-key.js";
import { freePort } from "./free-port.js";
import { type SimulatedVllmOptions, simulatedVllm } from "./simulated-vllm.js";
import type { NamedConfig } from "./worker-main.js";
import { WorkerProcess } from "./worker-process.js";

interface ClientFixtureOptions {
  /** Name of the endpoint. @default "endpoint" */
  readonly endpoint?: string;
  readonly model?: SimulatedVllmOptions;
  readonly config?: Partial<NamedConfig>;
}

const ROUTE = { allowParallelRequests: true, workloadCalculator: "maxTokens" } as const;

/** The system that client tests call: an engine, and a worker process in front of a simulated model. */
export class ClientFixture {
  readonly engine: Engine;
  readonly model: ModelSimulator;
  readonly worker: WorkerProcess;
  readonly #folder: string;
  readonly #config: NamedConfig;
  readonly #others: WorkerProcess[] = [];

  private constructor(
    engine: Engine,
    model: ModelSimulator,
    worker: WorkerProcess,
    folder: string,
    config: NamedConfig,
  ) {
    this.engine = engine;
    this.model = model;
    this.worker = worker;
    this.#folder = folder;
    this.#config = config;
  }

  static async start({
    endpoint = "endpoint",
    model: options = {},
    config: more = {},
  }: ClientFixtureOptions = {}): Promise<ClientFixture> {
    const directory = await mkdtemp(join(tmpdir(), "tsworker-client-"));
    const modelLogFile = join(directory, "model.log");
    const fast = { loadSeconds: 0, tokensPerSecond: 10_000, firstTokenMs: 0 };
    const model = simulatedVllm({ ...fast, logFile: modelLogFile, ...options });
    const engine = new Engine({ endpoint, apiKey: "key", privateKey: ENGINE_KEY, port: await freePort() });
    const [modelServerUrl, engineUrl] = await Promise.all([
      model.start(),
      engine.start(),
      writeFile(join(directory, ".has_benchmark"), "1000"),
    ]);
    const config: NamedConfig = {
      modelServerUrl,
      modelLogFile,
      logActionConfig: { onLoad: ["Application startup complete."] },
      handlers: [
        { ...ROUTE, route: "/v1/completions", benchmarkConfig: { dataset: [{ prompt: "hello" }] } },
        { ...ROUTE, route: "/v1/chat/completions" },
        { ...ROUTE, route: "/v1/audio/transcriptions", responseGenerator: "transcribes" },
      ],
      ...more,
    };
    const worker = await WorkerProcess.start({ directory, engineUrl, config });
    return new ClientFixture(engine, model, worker, directory, config);
  }

  /** One more worker, with an id of its own, in front of the same model. */
  async startAnother(): Promise<WorkerProcess> {
    const worker = await WorkerProcess.start({
      directory: this.#folder,
      engineUrl: this.engine.url,
      config: this.#config,
      env: { CONTAINER_ID: String(100 + this.#others.length) },
    });
    this.#others.push(worker);
    return worker;
  }

  async stop(): Promise<void> {
    await Promise.all([this.worker, ...this.#others].map((worker) => worker.stop()));
    await Promise.all([this.engine.stop(), this.model.stop()]);
    await rm(this.#folder, { recursive: true });
  }
}
