import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base, vi } from "vitest";
import { Engine, type EngineOptions } from "../../src/engine/index.js";
import { ENGINE_KEY } from "./engine-key.js";
import { freePort } from "./free-port.js";
import { LOADED, LoggingModel } from "./logging-model.js";
import type { NamedConfig } from "./worker-main.js";
import { WorkerProcess, type WorkerProcessOptions } from "./worker-process.js";

// These tests wait, for seconds, for idle processes: some of a file run concurrently. Each starts a worker or two, which takes
// all of a core for a while.
vi.setConfig({ maxConcurrency: 4 });

export interface ClusterWorkerOptions extends Omit<WorkerProcessOptions, "config" | "engineUrl"> {
  readonly model: LoggingModel;
  /** The engine, or the engines in the order in which they are tried. */
  readonly engine: Engine | readonly Engine[];
  /** Handlers and whatever else is not as usual; undefined takes something away. */
  readonly config?: { readonly [K in keyof NamedConfig]?: NamedConfig[K] | undefined };
  /**
   * Workload per second, as if measured by an earlier start: this one sends no benchmark. Null: this start
   * measures. @default 1000
   */
  readonly capacity?: number | null;
}

/** Engines, models and workers of one test, which are stopped at its end. */
export class Cluster {
  readonly #undo: (() => Promise<unknown>)[] = [];

  /** Undoes something at the end, before what was there earlier. */
  atEnd(undo: () => Promise<unknown>): void {
    this.#undo.push(undo);
  }

  /** A started engine. */
  async engine(options: Partial<EngineOptions> = {}): Promise<Engine> {
    const engine = new Engine({
      endpoint: "endpoint",
      apiKey: "key",
      privateKey: ENGINE_KEY,
      port: await freePort(),
      ...options,
    });
    this.#undo.push(() => engine.stop());
    await engine.start();
    return engine;
  }

  /** A started model, without a log file. */
  async model(): Promise<LoggingModel> {
    const model = new LoggingModel(join(await this.folder(), "model.log"));
    this.#undo.push(() => model.stop());
    await model.start();
    return model;
  }

  /** A model whose log has the line of readiness. */
  async loadedModel(): Promise<LoggingModel> {
    const model = await this.model();
    model.say(LOADED);
    return model;
  }

  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "tsworker-cluster-"));
    this.#undo.push(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }

  /**
   * A worker process: one handler, `/work`, serial, whose workload is the payload's `cost`; errored when the model's
   * log says `CUDA error`. It may not listen yet.
   */
  async spawn({
    model,
    engine,
    config,
    capacity = 1000,
    ...rest
  }: ClusterWorkerOptions): Promise<WorkerProcess> {
    const directory = rest.directory ?? (await this.folder());
    if (capacity !== null) await writeFile(join(directory, ".has_benchmark"), String(capacity));
    const usual: NamedConfig = {
      modelServerUrl: model.url,
      modelLogFile: model.logFile,
      logActionConfig: { onLoad: [LOADED], onError: ["CUDA error"], onInfo: ["Download"] },
      handlers: [WORK],
    };
    const worker = await WorkerProcess.spawn({
      ...rest,
      directory,
      engineUrl: [engine]
        .flat()
        .map(({ url }) => url)
        .join(),
      config: { ...usual, ...config } as NamedConfig,
    });
    this.#undo.push(() => worker.kill());
    return worker;
  }

  /** The same, in a state; ready unless another is named. */
  async worker(options: ClusterWorkerOptions, state = "ready"): Promise<WorkerProcess> {
    const worker = await this.spawn(options);
    try {
      await worker.reaches(state);
    } catch (error) {
      throw new Error(`${String(error)}\n${worker.text}${JSON.stringify(worker.lines, null, 1)}`);
    }
    return worker;
  }

  async close(): Promise<void> {
    for (const undo of this.#undo.reverse()) await undo();
  }
}

/** The usual handler. */
export const WORK = {
  route: "/work",
  workloadCalculator: "cost",
  benchmarkConfig: { dataset: [{ cost: 10 }], runs: 1, concurrency: 1 },
} as const satisfies NamedConfig["handlers"][number];

/** vitest's `test`, with a cluster for each test, also for concurrent ones. */
export const test = base.extend<{ cluster: Cluster }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern which fixtures are needed
  cluster: async ({}, use) => {
    const cluster = new Cluster();
    await use(cluster);
    await cluster.close();
  },
});
