import { EventEmitter } from "node:events";
import { inspectionOf } from "../inspector/recorder/inspection.js";
import { announcedToken } from "../shared/announcement.js";
import { TsworkerError } from "../shared/errors.js";
import { createLog, type Log } from "../shared/log.js";
import { boundConsoleOutput } from "../shared/standard-outputs.js";
import { checkConfig } from "./config/check-config.js";
import type { WorkerConfig } from "./config/config.js";
import type { CheckedConfig } from "./config/config-schema.js";
import { type Reachable, readEnvironment, readReachable } from "./config/environment.js";
import { secretsOf, withDevModel } from "./config/model-settings.js";
import type { LifecycleState } from "./metrics/metrics-reading.js";
import { reportFailedStart } from "./report/report-failed-start.js";
import { onSignals, ShutdownSignals } from "./shutdown.js";
import { type RunningWorker, startWorker } from "./start-worker.js";
import { registerDefined, workerRegistry } from "./worker-registry.js";

/**
 * State of a {@link Worker}: `created` before it is started, then those of its lifecycle.
 *
 * @example
 * ```ts
 * const isServing = (state: WorkerState): boolean => state === "ready";
 * ```
 */
export type WorkerState = "created" | LifecycleState;

/**
 * Events of a {@link Worker}: names and arguments.
 *
 * @example
 * ```ts
 * const onState = (...[state]: WorkerEvents["state"]): void => console.log(state);
 * ```
 */
export interface WorkerEvents {
  /**
   * The worker has changed its state. `stopped` is emitted last, after `lifecycle.stop`. An error that a listener throws is
   * logged.
   */
  state: [state: WorkerState];
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
 *
 * @example
 * ```ts
 * // Embedded in a program, which it stops with: signals are left to the program.
 * await using worker = new Worker(config);
 * worker.on("state", (state) => console.log(state));
 * await worker.start();
 * console.log(worker.url, worker.state);
 * ```
 */
export class Worker extends EventEmitter<WorkerEvents> {
  readonly #config: CheckedConfig;
  #running: Promise<RunningWorker> | undefined;
  #state: WorkerState = "created";
  #url: string | undefined;

  /** @throws TsworkerError `CONFIG_INVALID`, whose message lists all errors. */
  constructor(config: WorkerConfig) {
    super();
    workerRegistry.made++;
    this.#config = checkConfig(config);
  }

  /**
   * Public base URL, as clients and the engine know it: from `PUBLIC_IPADDR` and `VAST_TCP_PORT_<WORKER_PORT>`.
   *
   * @throws TsworkerError `WORKER_FAILED` before {@link start} or {@link run} has read the environment.
   */
  get url(): string {
    if (this.#url === undefined) throw new TsworkerError("WORKER_FAILED", "the worker has not been started");
    return this.#url;
  }

  /** Its state now; the event `state` reports each change. */
  get state(): WorkerState {
    return this.#state;
  }

  /**
   * Starts the worker and serves until it has stopped. SIGTERM and SIGINT drain it; a second signal stops it at once and
   * ends all processes that it has started. While it serves, an unhandled rejection is logged as an error and does not end
   * the process.
   *
   * A worker that cannot start reports the reason to the engine, every 10 s until a signal comes, if `CONTAINER_ID` and
   * `REPORT_ADDR` are set; without them it rejects at once.
   *
   * @throws TsworkerError as {@link start}, and `WORKER_FAILED` if it failed later.
   */
  async run(): Promise<void> {
    const signals = new ShutdownSignals();
    let running: RunningWorker | undefined;
    // A promise that user code forgot must not end the requests of all clients.
    const onRejection = (err: unknown): void => running?.log.error({ err }, "unhandled rejection");
    boundConsoleOutput();
    try {
      running = await this.#begin().catch(async (error: unknown) => {
        if (signals.count === 0) await reportToEngine(error);
        throw error;
      });
      process.on("unhandledRejection", onRejection);
      signals.attach(running);
      await running.stopped;
    } finally {
      signals.close();
      process.off("unhandledRejection", onRejection);
    }
  }

  /**
   * Starts the worker and returns as soon as it listens; the model may still be loading. Signals are left to the
   * program that embeds it.
   *
   * @throws TsworkerError `ENVIRONMENT_INVALID`, `CONFIG_INVALID`, `PORT_UNAVAILABLE`, `CERTIFICATE_UNREADABLE`,
   * `SERVER_UNAVAILABLE`.
   */
  async start(): Promise<void> {
    await this.#begin();
  }

  /** The same as {@link start}, under its name in the Python worker. */
  runAsync(): Promise<void> {
    return this.start();
  }

  /**
   * Drains the worker: new requests are refused, admitted ones finish (at most `drainTimeout` seconds), and the
   * last reports are delivered.
   */
  async stop(): Promise<void> {
    const running = await this.#running?.catch(() => undefined);
    running?.drain();
    await running?.stopped;
  }

  /** Drains the worker as {@link stop} does, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** A worker starts once. */
  #begin(): Promise<RunningWorker> {
    if (this.#running !== undefined) {
      throw new TsworkerError("WORKER_FAILED", "the worker was started already");
    }
    workerRegistry.begun++;
    this.#running = this.#start().catch((error: unknown) => {
      this.#become("stopped", undefined);
      throw error;
    });
    return this.#running;
  }

  async #start(): Promise<RunningWorker> {
    const environment = withAnnouncedToken(readEnvironment(process.env, this.#config.access?.mode));
    this.#url = environment.publicUrl;
    const config = withDevModel(this.#config, environment);
    const inspection = await inspectionOf(config, environment);
    const log = createLog(environment.logLevel, secretsOf(config, environment), (line) =>
      inspection?.inspector.onLogLine(line),
    );
    const running = await startWorker(config, environment, log, inspection, (state) =>
      // `lifecycle.stop` is still to come.
      state === "stopped" ? undefined : this.#become(state, log),
    );
    const onStopped = (): void => this.#become("stopped", log);
    // A program that only calls start() does not await the end; a failure is in the log.
    running.stopped.then(onStopped, onStopped);
    return running;
  }

  /** @param log undefined: there is none yet. */
  #become(state: WorkerState, log: Log | undefined): void {
    if (state === this.#state) return;
    this.#state = state;
    try {
      this.emit("state", state);
    } catch (err) {
      log?.error({ err, state }, 'a listener of the event "state" threw');
    }
  }
}

/**
 * Defines a worker as the default export of a file, which `tsworker run` and `tsworker dev` start. Nothing is started before,
 * so that a test can import the file.
 *
 * @throws TsworkerError `CONFIG_INVALID`, whose message lists all errors.
 *
 * @example
 * ```ts
 * import { defineWorker } from "tsworker";
 *
 * export default defineWorker({
 *   modelServerUrl: "http://127.0.0.1:18000",
 *   modelHealthcheckUrl: "/health",
 *   handlers: [{ route: "/v1/completions", benchmarkConfig: { generator: () => ({ prompt: "hello" }) } }],
 * });
 * ```
 */
export function defineWorker(config: WorkerConfig): Worker {
  const worker = new Worker(config);
  registerDefined(worker);
  return worker;
}

/** Without a token of its own, a worker uses that of the engine on this machine that it reports to. */
function withAnnouncedToken<Known extends Reachable>(known: Known): Known {
  const token = known.masterToken === "" ? announcedToken(known.reportAddresses) : undefined;
  return token === undefined ? known : { ...known, masterToken: token };
}

/** Reports to the engine that this worker could not start, until a signal comes. Without an engine it returns at once. */
async function reportToEngine(error: unknown): Promise<void> {
  const found = readReachable();
  if (found === undefined) return;
  const reachable = withAnnouncedToken(found);
  const message = error instanceof Error ? error.message : String(error);
  const log = createLog("info", [reachable.masterToken]);
  const stopping = new AbortController();
  const removeListener = onSignals(() => stopping.abort());
  log.fatal(
    { fault: message },
    "the worker could not start, and reports this to the engine until it is stopped",
  );
  await reportFailedStart(reachable, message, log, stopping.signal);
  removeListener();
}
