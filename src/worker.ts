import { createActor, fromPromise, type SnapshotFrom } from "xstate";
import { keyMachine } from "../machines/key.js";
import { modelMachine, type Readiness } from "../machines/model.js";
import { reporterMachine } from "../machines/reporter.js";
import { type WorkerActor, workerMachine } from "../machines/worker.js";
import { fetchPublicKey } from "./auth/fetch-public-key.js";
import { Verifier } from "./auth/verifier.js";
import { checkConfig } from "./check-config.js";
import type { CheckedConfig, WorkerConfig } from "./config.js";
import { CERTIFICATE_FILE, CERTIFICATE_KEY_FILE, type Environment, readEnvironment } from "./environment.js";
import { TsworkerError } from "./errors.js";
import { Edge } from "./http/edge.js";
import type { Route } from "./http/exchange.js";
import { type ListeningServer, listen } from "./http/server.js";
import { createLog, type Log } from "./log.js";
import { ModelClient } from "./model/client.js";
import { probeHealth } from "./model/probe-health.js";
import { runBenchmark } from "./model/run-benchmark.js";
import { sendPayload } from "./model/send-payload.js";
import { watchLog } from "./model/watch-log.js";
import { deliverReports } from "./report/deliver.js";
import { Ledger } from "./report/ledger.js";
import { VERSION } from "./version.js";

/** Everything of a worker that has been started. */
interface Running {
  readonly actor: WorkerActor;
  /** Settles when the worker has stopped; rejects when it could not go on. */
  readonly stopped: Promise<void>;
}

/**
 * A worker: the public entry point of a model server. It serves the handlers' routes, watches and benchmarks the
 * model, and reports to the engine that its environment names.
 *
 * @example
 * ```ts
 * import { Worker } from "tsworker";
 *
 * await new Worker({
 *   modelServerUrl: "http://127.0.0.1",
 *   modelServerPort: 18000,
 *   modelLogFile: "/var/log/model/server.log",
 *   handlers: [{ route: "/v1/completions", benchmarkConfig: { generator: () => ({ prompt: "hello" }) } }],
 *   logActionConfig: { onLoad: ["Application startup complete."] },
 * }).run();
 * ```
 */
export class Worker {
  readonly #config: CheckedConfig;
  #isStarted = false;
  #running: Running | undefined;

  /** @throws TsworkerError `CONFIG_INVALID`, whose message lists all faults. */
  constructor(config: WorkerConfig) {
    this.#config = checkConfig(config);
  }

  /**
   * Starts the worker and serves until it has stopped. SIGTERM and SIGINT drain it; a second one stops it at once.
   *
   * @throws TsworkerError as {@link start}, and `WORKER_FAILED` when it could not go on.
   */
  async run(): Promise<void> {
    await this.start();
    const running = this.#running;
    if (running === undefined) return;
    let signals = 0;
    const onSignal = (): void =>
      running.actor.send({ type: signals++ === 0 ? "worker.drain" : "worker.abort" });
    process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
    try {
      await running.stopped;
    } finally {
      process.off("SIGTERM", onSignal).off("SIGINT", onSignal);
    }
  }

  /**
   * Starts the worker and returns as soon as it listens; the model may still be loading. Signals are left to the
   * program that embeds it.
   *
   * @throws TsworkerError `ENVIRONMENT_INVALID`, `CONFIG_INVALID`, `PORT_UNAVAILABLE`, `CERTIFICATE_UNREADABLE`.
   */
  async start(): Promise<void> {
    if (this.#isStarted) throw new TsworkerError("WORKER_FAILED", "the worker was started already");
    this.#isStarted = true;
    this.#running = await startWorker(this.#config, readEnvironment());
    // Whoever only starts it does not wait for the end; a failure is in the log.
    this.#running.stopped.catch(() => {});
  }

  /** The same as {@link start}, under the name that the Python worker has for it. */
  runAsync(): Promise<void> {
    return this.start();
  }

  /**
   * Drains the worker: new requests are refused, admitted ones finish (at most `drainTimeout` seconds), and the
   * last reports are delivered.
   */
  async stop(): Promise<void> {
    this.#running?.actor.send({ type: "worker.drain" });
    await this.#running?.stopped;
  }
}

/** What is told of the model, and by whom. */
function observationOf(
  config: CheckedConfig,
  environment: Environment,
): { health: string | undefined; readiness: Readiness } {
  const named = config.modelHealthcheckUrl ?? environment.healthEndpoint;
  const isPath = named?.startsWith("/") === true;
  const health =
    isPath && config.modelServer !== undefined ? config.modelServer + named : isPath ? undefined : named;
  if (config.modelLogFile !== undefined && config.logActionConfig.onLoad.length > 0)
    return { health, readiness: "log" };
  if (health !== undefined) return { health, readiness: "health" };
  if (config.modelServer === undefined) return { health, readiness: "none" };
  throw new TsworkerError(
    "CONFIG_INVALID",
    "nothing tells when the model has loaded: expected modelLogFile with logActionConfig.onLoad, or a health URL " +
      "(modelHealthcheckUrl, or the variable MODEL_HEALTH_ENDPOINT)",
  );
}

function routesOf({ handlers, modelServer }: CheckedConfig): readonly Route[] {
  return handlers.map((handler) => ({
    handler,
    model:
      handler.remoteFunction === undefined && modelServer !== undefined
        ? new ModelClient(modelServer, handler.timeouts)
        : undefined,
  }));
}

/** Writes each state that the worker comes into into the log. */
function logStates(actor: WorkerActor, log: Log): void {
  let last: string | undefined;
  actor.subscribe({
    next: ({ value, context }: SnapshotFrom<typeof workerMachine>) => {
      const state = typeof value === "string" ? value : Object.keys(value).join();
      if (state === last) return;
      last = state;
      const { fault, maxPerf, loadtime } = context;
      if (state === "errored") log.error({ state, fault: fault?.message }, "state");
      else log.info({ state, maxPerf, loadtime }, "state");
    },
    error: (error: unknown) => log.fatal({ err: error }, "the worker failed"),
  });
}

async function startWorker(config: CheckedConfig, environment: Environment): Promise<Running> {
  const startedAt = Date.now();
  const log = createLog(environment.logLevel, environment.masterToken);
  const { health, readiness } = observationOf(config, environment);
  const routes = routesOf(config);
  const { benchmark, modelLogFile } = config;
  const benchmarked = routes.find(({ handler }) => handler === benchmark.handler);

  const ledger: Ledger = new Ledger({
    status: () => actor.getSnapshot().children["reporter.status"]?.send({ type: "report.due" }),
    ended: () => actor.getSnapshot().children["reporter.ended"]?.send({ type: "report.due" }),
  });
  const edge = new Edge({
    ledger,
    log,
    verifier: environment.unsecured ? undefined : new Verifier(),
    maxBodyBytes: config.maxBodyBytes,
  });
  const actor: WorkerActor = createActor(
    workerMachine.provide({
      actors: {
        edge: edge.logic,
        key: keyMachine.provide({
          actors: {
            fetchKey: fromPromise(({ signal }) => fetchPublicKey(environment.reportAddresses, signal)),
          },
        }),
        model: modelMachine.provide({
          actors: {
            ...(modelLogFile !== undefined && {
              tailLog: watchLog(modelLogFile, config.logActionConfig, log),
            }),
            ...(health !== undefined && { probeHealth: probeHealth(health) }),
          },
        }),
        reporter: reporterMachine.provide({
          actors: { deliver: deliverReports({ ledger, log, ...environment }) },
        }),
        benchmark: runBenchmark(
          benchmark,
          (payload, signal) => sendPayload(benchmark.handler, benchmarked?.model, payload, signal),
          log,
        ),
      },
    }),
    {
      input: {
        startedAt,
        secured: !environment.unsecured,
        readiness,
        hasLog: modelLogFile !== undefined,
        hasHealth: health !== undefined,
        queues: [
          ...new Map(config.handlers.map(({ queue, limit }) => [queue, { name: queue, limit }])).values(),
        ],
        reportAddresses: environment.reportAddresses,
        drainTimeoutMs: config.drainTimeout * 1000,
      },
    },
  );

  let server: ListeningServer;
  try {
    server = await listen({
      port: environment.port,
      certificate: environment.useSsl
        ? { certificate: CERTIFICATE_FILE, key: CERTIFICATE_KEY_FILE }
        : undefined,
      edge,
      routes,
    });
  } catch (error) {
    for (const { model } of routes) model?.close();
    throw error;
  }
  log.info({ version: VERSION, port: environment.port, url: environment.publicUrl }, "listening");
  logStates(actor, log);
  const stopped = whenStopped(actor).finally(() => {
    server.close();
    for (const { model } of routes) model?.close();
  });
  actor.start();
  return { actor, stopped };
}

function whenStopped(actor: WorkerActor): Promise<void> {
  return new Promise((resolve, reject) => {
    actor.subscribe({
      complete: () => {
        const fault = actor.getSnapshot().output?.fault;
        if (fault?.of === "actor") reject(new TsworkerError("WORKER_FAILED", fault.message));
        else resolve();
      },
      error: (cause: unknown) => reject(new TsworkerError("WORKER_FAILED", "the worker failed", { cause })),
    });
  });
}
