import { createServer, type Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { close, httpUrl, listen } from "../shared/listen.js";
import { type Closing, closeAs } from "./closing.js";
import { ModelLog } from "./model-log.js";
import { ModelRoutes } from "./model-routes.js";
import type { SimulatedModel } from "./simulated-model.js";
import type { Failure, SimulatorOptions, SimulatorStats } from "./simulator-options.js";

/** State of a simulated model server. */
export type ModelState = "stopped" | "loading" | "ready" | "crashed";

/** Share of the loading time after which the server runs out of memory, or hangs. */
const FAILS_AT = 0.6;

/**
 * A simulated model server: loads for a while and logs it, answers, stops working for clients that go away, fails in
 * the ways that its options name, crashes and is restarted. It needs no GPU.
 *
 * @example
 * ```ts
 * const model = new ModelSimulator(new OpenaiModel("vllm"), { logFile: "/tmp/model.log", loadSeconds: 0.1 });
 * const url = await model.start(); // listens; `model.state` is "loading", and "ready" 0.1 s later
 * // …
 * await model.stop();
 * ```
 */
export class ModelSimulator {
  readonly #model: SimulatedModel;
  readonly #host: string;
  readonly #loadSeconds: number;
  readonly #restartSeconds: number | undefined;
  readonly #closing: Closing;
  readonly #log: ModelLog;
  readonly #routes: ModelRoutes;
  #failure: Failure | undefined;
  #port: number;
  /** Resolves to the base URL; undefined while it is stopped. */
  #listening: Promise<string> | undefined;
  #server: Server | undefined;
  #state: ModelState = "stopped";
  /** Aborts background work: loading, and waiting for a restart. */
  #background = new AbortController();

  /** @throws {TsworkerError} `CONFIG_INVALID` when the log file cannot be written. */
  constructor(model: SimulatedModel, options: SimulatorOptions = {}) {
    this.#model = model;
    this.#host = options.host ?? "127.0.0.1";
    this.#port = options.port ?? 0;
    this.#loadSeconds = options.loadSeconds ?? 1;
    this.#restartSeconds = options.restartSeconds;
    this.#closing = options.closing ?? model.closing;
    this.#failure = options.fail;
    this.#log = new ModelLog(options.logFile, options.onLogLine);
    this.#routes = new ModelRoutes({
      model,
      log: this.#log,
      isReady: () => this.#state === "ready",
      breaksOff: (count) => this.#failure === "crash-in-answer" && count === (options.failAt ?? 1),
      crash: () => this.crash(),
    });
  }

  /** Its name and kind, for people. */
  get title(): string {
    return this.#model.title;
  }

  get state(): ModelState {
    return this.#state;
  }

  get stats(): SimulatorStats {
    const { running, ...counts } = this.#routes.counts;
    const { waiting, produced } = this.#model;
    return { ...counts, waiting, running: running - waiting, produced };
  }

  /**
   * Listens and begins to load; health is 503 until it has. Resolves to the base URL.
   *
   * @throws {TsworkerError} `PORT_UNAVAILABLE`.
   */
  start(): Promise<string> {
    this.#listening ??= this.#listen();
    return this.#listening;
  }

  /** Ends every request and stops listening. A later start listens on the same port. */
  async stop(): Promise<void> {
    // A start in progress is awaited, so that its server can be closed.
    const listening = this.#listening;
    this.#listening = undefined;
    await listening?.catch(() => {});
    this.#background.abort();
    this.#state = "stopped";
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    this.#drop(server);
    await close(server);
  }

  /**
   * Crashes: the log reports it, every connection is dropped, health is 503, and nothing is answered until
   * {@link ModelSimulator.restart}. No effect unless it is running.
   */
  crash(): void {
    if (!this.#server || this.#state === "crashed") return;
    this.#die(() => this.#model.crashed(this.#log));
  }

  /** Loads again; running requests are dropped. The log continues in the same file. */
  restart(): void {
    this.#background.abort();
    if (!this.#server) return;
    this.#drop(this.#server);
    this.#beginLoading();
  }

  async #listen(): Promise<string> {
    const server = createServer((request, response) => void this.#routes.handle(request, response));
    closeAs(this.#closing, server);
    server.on("upgrade", (request, socket, head) => {
      if (this.#model.upgrade && this.#state === "ready") this.#model.upgrade(request, socket, head);
      else socket.destroy();
    });
    try {
      this.#port = await listen(server, this.#host, this.#port);
    } catch (error) {
      this.#listening = undefined;
      throw error;
    }
    this.#server = server;
    this.#beginLoading();
    return httpUrl(this.#host, this.#port);
  }

  #drop(server: Server): void {
    this.#model.closeSockets?.();
    this.#model.halted?.();
    server.closeAllConnections();
  }

  #beginLoading(): void {
    this.#state = "loading";
    this.#background = new AbortController();
    this.#inBackground((signal) => this.#load(signal));
  }

  #inBackground(work: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this.#background;
    work(signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  async #load(signal: AbortSignal): Promise<void> {
    let loaded = 0;
    for (const { share, write, isReadyLine } of this.#model.loading) {
      const fails = loaded + share > FAILS_AT;
      if (fails && this.#failure === "never-ready") return;
      if (share > 0) await sleep(share * this.#loadSeconds * 1000, undefined, { signal });
      if (fails && this.#failure === "out-of-memory") {
        this.#die(() => this.#model.outOfMemory(this.#log));
        return;
      }
      loaded += share;
      // A client may send requests as soon as the line is in the log.
      if (isReadyLine) this.#state = "ready";
      if (!isReadyLine || this.#failure !== "no-ready-line") write(this.#log);
    }
    this.#state = "ready";
  }

  #die(logReason: () => void): void {
    this.#background.abort();
    this.#state = "crashed";
    logReason();
    if (!this.#server) return;
    this.#drop(this.#server);
    const seconds = this.#restartSeconds;
    if (seconds === undefined) return;
    this.#background = new AbortController();
    this.#inBackground(async (signal) => {
      await sleep(seconds * 1000, undefined, { signal });
      this.#failure = undefined;
      this.restart();
    });
  }
}
