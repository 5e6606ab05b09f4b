import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Engine } from "tsworker/engine";
import { ChildProcess } from "./child-process.js";
import { freePorts } from "./free-ports.js";

export const ENDPOINT = "quickstart";
export const API_KEY = "quickstart-key";
const MASTER_TOKEN = "quickstart-token";

const TOKENS_PER_SECOND = 300;
const LOAD_SECONDS = 2;

/** Engine, model and worker, each on a free port of the loopback, in a fresh folder. */
export class Stack {
  readonly engine: Engine;
  readonly modelUrl: string;
  readonly workerUrl: string;
  /** Rejects when a process dies that nobody asked to; never resolves. */
  readonly died: Promise<never>;
  readonly #model: ChildProcess;
  readonly #worker: ChildProcess;
  readonly #folder: string;

  private constructor(parts: {
    readonly engine: Engine;
    readonly model: ChildProcess;
    readonly modelUrl: string;
    readonly worker: ChildProcess;
    readonly workerUrl: string;
    readonly folder: string;
  }) {
    this.engine = parts.engine;
    this.modelUrl = parts.modelUrl;
    this.workerUrl = parts.workerUrl;
    this.#model = parts.model;
    this.#worker = parts.worker;
    this.#folder = parts.folder;
    this.died = Promise.race([parts.model.died, parts.worker.died]);
    this.died.catch(() => {});
  }

  /** @param onWorkerLine - told of every line of the worker's output. */
  static async start(onWorkerLine: (line: string) => void): Promise<Stack> {
    // The worker keeps its benchmark's result in its working directory: a fresh one, so that it measures.
    const folder = await mkdtemp(join(tmpdir(), "tsworker-quickstart-"));
    const engine = new Engine({ endpoint: ENDPOINT, apiKey: API_KEY, token: MASTER_TOKEN });
    const engineUrl = await engine.start();
    const [modelPort = 0, workerPort = 0, workerHttpPort = 0] = await freePorts(3);
    const modelLog = join(folder, "model.log");
    const model = new ChildProcess({
      name: "the model",
      script: "src/cli/main.ts",
      parameters: [
        "sim",
        "vllm",
        ...["--port", String(modelPort)],
        ...["--log", modelLog],
        ...["--load-seconds", String(LOAD_SECONDS)],
        ...["--tokens-per-second", String(TOKENS_PER_SECOND)],
      ],
      cwd: folder,
      onLine: () => {},
    });
    const worker = new ChildProcess({
      name: "the worker",
      script: "examples/vllm/worker.ts",
      env: {
        WORKER_PORT: String(workerPort),
        WORKER_HTTP_PORT: String(workerHttpPort),
        PUBLIC_IPADDR: "127.0.0.1",
        [`VAST_TCP_PORT_${workerPort}`]: String(workerPort),
        CONTAINER_ID: "1",
        REPORT_ADDR: engineUrl,
        MASTER_TOKEN,
        USE_SSL: "false",
        UNSECURED: "false",
        LOG_LEVEL: "info",
        MODEL_PORT: String(modelPort),
        MODEL_LOG: modelLog,
      },
      cwd: folder,
      onLine: onWorkerLine,
    });
    const modelUrl = `http://127.0.0.1:${modelPort}`;
    const workerUrl = `http://127.0.0.1:${workerPort}`;
    return new Stack({ engine, model, modelUrl, worker, workerUrl, folder });
  }

  /** Ends all: the worker first, so that it can finish and deliver its last reports. */
  async stop(): Promise<void> {
    await this.#worker.stop();
    await this.#model.stop();
    await this.engine.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
