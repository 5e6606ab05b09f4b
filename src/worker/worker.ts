import { inspectionOf } from "../inspector/recorder/inspection.js";
import { announcedToken } from "../shared/announcement.js";
import { TsworkerError } from "../shared/errors.js";
import { createLog } from "../shared/log.js";
import { boundConsoleOutput } from "../shared/standard-outputs.js";
import { checkConfig } from "./config/check-config.js";
import type { CheckedConfig, WorkerConfig } from "./config/config.js";
import { withDevModel } from "./config/dev-model.js";
import { type Reachable, readEnvironment, readReachable } from "./config/environment.js";
import { secretsOf } from "./config/secrets-of.js";
import { workerCount } from "./config/worker-count.js";
import { endWithAll } from "./ending.js";
import { reportFailedStart } from "./report/report-failed-start.js";
import { type RunningWorker, startWorker } from "./start-worker.js";

/** Milliseconds after which a person wonders what a worker that was asked to end still does. */
const SLOW_MS = 1000;
/** How soon a second SIGINT is the first one again, in milliseconds. */
const SAME_MS = 300;

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
  #running: Promise<RunningWorker> | undefined;

  /** @throws TsworkerError `CONFIG_INVALID`, whose message lists all faults. */
  constructor(config: WorkerConfig) {
    workerCount.made++;
    this.#config = checkConfig(config);
  }

  /**
   * Starts the worker and serves until it has stopped. SIGTERM and SIGINT drain it; a second one stops it at once, and
   * ends the process with all that it has started. While it serves, a rejected promise that nobody handles is logged as an error and does not end the process.
   *
   * A worker that cannot start tells the engine why, every 10 s until a signal comes, where `CONTAINER_ID` and
   * `REPORT_ADDR` are set; without them it fails at once.
   *
   * @throws TsworkerError as {@link start}, and `WORKER_FAILED` when it could not go on.
   */
  async run(): Promise<void> {
    let signals = 0;
    let running: RunningWorker | undefined;
    const heed = (): void => (signals === 1 ? running?.drain() : running?.abort());
    let isSaid: string | undefined;
    const sayWhatIsAwaited = (): void => {
      const awaited = running?.awaits();
      if (signals !== 1 || awaited === undefined || awaited === isSaid) return;
      isSaid = awaited;
      running?.log.info(`${awaited}; press Ctrl-C again to stop now`);
    };
    let saying: NodeJS.Timeout | undefined;
    let interruptedAt = Number.NEGATIVE_INFINITY;
    // From the first moment on: one that comes while the worker starts is heeded as soon as it has.
    const unlisten = onSignals((signal) => {
      // npm passes a terminal's Ctrl-C on to a process that has had it already.
      const isSame = signal === "SIGINT" && performance.now() - interruptedAt < SAME_MS;
      if (signal === "SIGINT") interruptedAt = performance.now();
      if (isSame) return;
      signals++;
      saying ??= setInterval(sayWhatIsAwaited, SLOW_MS);
      heed();
    });
    // One promise that user code forgot is not to end the requests of all clients.
    const onRejection = (err: unknown): void => running?.log.error({ err }, "unhandled rejection");
    boundConsoleOutput();
    try {
      running = await this.#begin().catch(async (error: unknown) => {
        if (signals === 0) await tellOfFailedStart(error);
        throw error;
      });
      process.on("unhandledRejection", onRejection);
      if (signals > 0) heed();
      await running.stopped;
    } finally {
      unlisten();
      clearInterval(saying);
      if (signals > 1) endWithAll();
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

  /** The same as {@link start}, under the name that the Python worker has for it. */
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

  /** A worker starts once, whoever asks for it. */
  #begin(): Promise<RunningWorker> {
    if (this.#running !== undefined) {
      throw new TsworkerError("WORKER_FAILED", "the worker was started already");
    }
    workerCount.begun++;
    this.#running = started(this.#config);
    return this.#running;
  }
}

async function started(given: CheckedConfig): Promise<RunningWorker> {
  const environment = withAnnouncedToken(readEnvironment());
  const config = withDevModel(given, environment);
  const inspection = await inspectionOf(config, environment);
  const log = createLog(environment.logLevel, secretsOf(config, environment), (line) =>
    inspection?.inspector.onLogLine(line),
  );
  const running = await startWorker(config, environment, log, inspection);
  // Whoever only starts it does not wait for the end; a failure is in the log.
  running.stopped.catch(() => {});
  return running;
}

/** Where no token is given, a worker has that of the engine on this machine that it reports to. */
function withAnnouncedToken<Known extends Reachable>(known: Known): Known {
  const token = known.masterToken === "" ? announcedToken(known.reportAddresses) : undefined;
  return token === undefined ? known : { ...known, masterToken: token };
}

/** @returns ends it. */
function onSignals(listener: (signal: NodeJS.Signals) => void): () => void {
  process.on("SIGTERM", listener).on("SIGINT", listener);
  return () => process.off("SIGTERM", listener).off("SIGINT", listener);
}

/** Tells the engine that this worker could not start, until a signal comes; at once over where the engine is not known. */
async function tellOfFailedStart(error: unknown): Promise<void> {
  const found = readReachable();
  if (found === undefined) return;
  const reachable = withAnnouncedToken(found);
  const message = error instanceof Error ? error.message : String(error);
  const log = createLog("info", [reachable.masterToken]);
  const ending = new AbortController();
  const unlisten = onSignals(() => ending.abort());
  log.fatal({ fault: message }, "the worker could not start, and tells the engine so until it is ended");
  await reportFailedStart(reachable, message, log, ending.signal);
  unlisten();
}
