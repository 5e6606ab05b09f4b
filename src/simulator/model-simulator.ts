import { createServer, type Server } from "node:http";
import { close, httpUrl, listen } from "../stand-in/listen.js";
import { Generator } from "./generator.js";
import { loading } from "./loading.js";
import { ModelLog } from "./model-log.js";
import { ModelRoutes } from "./model-routes.js";
import type { ModelSimulatorOptions, ModelSimulatorStats } from "./model-simulator-options.js";
import { Responder } from "./responder.js";

/** Whether a simulated model is not running, loads, answers, or is broken. */
export type ModelState = "stopped" | "loading" | "ready" | "crashed";

/**
 * A simulated OpenAI-compatible model server: loads for a while, writes a log like vLLM's, generates text at a
 * given pace, whole or as a stream, stops when the client goes away, and can crash and be restarted. It needs
 * no GPU, and answers the same prompt with the same text.
 *
 * @example
 * ```ts
 * const model = new ModelSimulator({ logFile: "/tmp/model.log", loadSeconds: 0.1, tokensPerSecond: 1000 });
 * const url = await model.start(); // listens; `model.state` is "loading", and "ready" 0.1 s later
 * // …
 * await model.stop();
 * ```
 */
export class ModelSimulator {
  readonly #host: string;
  readonly #model: string;
  readonly #loadSeconds: number;
  readonly #log: ModelLog;
  readonly #generator: Generator;
  readonly #routes: ModelRoutes;
  #port: number;
  #server: Server | undefined;
  #state: ModelState = "stopped";
  #load = new AbortController();
  #refused = 0;

  /** @throws {TsworkerError} `CONFIG_INVALID` when the log file cannot be written. */
  constructor(options: ModelSimulatorOptions = {}) {
    this.#host = options.host ?? "127.0.0.1";
    this.#port = options.port ?? 0;
    this.#model = options.model ?? "simulated/llm-8b";
    this.#loadSeconds = options.loadSeconds ?? 1;
    this.#log = new ModelLog(options.logFile, options.onLogLine);
    const responder = new Responder(this.#log);
    this.#generator = new Generator({
      log: this.#log,
      responder,
      model: this.#model,
      tokensPerSecond: options.tokensPerSecond ?? 50,
      firstTokenMs: options.firstTokenMs ?? 20,
      maxConcurrency: options.maxConcurrency ?? Number.POSITIVE_INFINITY,
      jitter: options.jitter ?? 0.1,
      seed: options.seed ?? 1,
    });
    this.#routes = new ModelRoutes({
      model: this.#model,
      generator: this.#generator,
      responder,
      isReady: () => this.#state === "ready",
      onRefused: () => {
        this.#refused += 1;
      },
    });
  }

  get state(): ModelState {
    return this.#state;
  }

  get stats(): ModelSimulatorStats {
    return { ...this.#generator.counts, refused: this.#refused };
  }

  /**
   * Listens and begins to load; health is 503 until it has. Resolves to the base URL.
   *
   * @throws {TsworkerError} `PORT_UNAVAILABLE`.
   */
  async start(): Promise<string> {
    if (!this.#server) {
      const server = createServer((request, response) => void this.#routes.handle(request, response));
      this.#port = await listen(server, this.#host, this.#port);
      this.#server = server;
      this.#beginLoading();
    }
    return httpUrl(this.#host, this.#port);
  }

  /** Ends every request and stops listening. A later start listens on the same port. */
  async stop(): Promise<void> {
    this.#load.abort();
    this.#state = "stopped";
    const server = this.#server;
    this.#server = undefined;
    if (server) await close(server);
  }

  /**
   * Breaks as an engine does that dies below its API server: a traceback in the log, every connection dropped,
   * health 503 and no answers until {@link ModelSimulator.restart}.
   */
  crash(): void {
    this.#load.abort();
    this.#state = "crashed";
    this.#log.error("async_llm.py:480", "AsyncLLM output_handler failed.");
    this.#log.line("Traceback (most recent call last):");
    this.#log.line(
      '  File "/usr/lib/python3/site-packages/vllm/v1/engine/core_client.py", line 699, in get_output',
    );
    this.#log.line("    raise self._format_exception(outputs) from None");
    this.#log.line("RuntimeError: Engine core died unexpectedly: CUDA error: an illegal memory access");
    this.#server?.closeAllConnections();
  }

  /** Loads again, after a crash or out of the blue; what runs is dropped. Its log goes on in the same file. */
  restart(): void {
    this.#load.abort();
    this.#server?.closeAllConnections();
    if (this.#server) this.#beginLoading();
  }

  #beginLoading(): void {
    this.#state = "loading";
    this.#load = new AbortController();
    const { signal } = this.#load;
    loading({ log: this.#log, model: this.#model, seconds: this.#loadSeconds, signal }).then(
      () => {
        this.#state = "ready";
      },
      (error: unknown) => {
        if (!signal.aborted) throw error;
      },
    );
  }
}
