import { EventEmitter } from "node:events";
import type { AuthData } from "../shared/wire.js";
import { type AccountContext, accountRoutes } from "./api/account-routes.js";
import { Admission } from "./api/admission.js";
import { type DeploymentContext, deploymentRoutes } from "./api/deployment-routes.js";
import { EngineServer, type Outage, withoutSlash } from "./api/engine-server.js";
import { Router } from "./api/router.js";
import { type ServiceContext, serviceRoutes } from "./api/service-routes.js";
import type { EngineEvents } from "./engine-events.js";
import { type CheckedOptions, checkedOptions, type EngineOptions } from "./engine-options.js";
import { EngineRun } from "./engine-run.js";
import { SigningKey } from "./routing/signing-key.js";
import type { EngineState } from "./state/engine-state.js";
import { StateFile } from "./state/state-file.js";
import { Ledger, type RecordedEnd, type RecordedReport, type Totals } from "./workers/ledger.js";
import type { WorkerView } from "./workers/worker-view.js";

const REPORT_PATHS: readonly string[] = ["/worker_status", "/delete_requests"];

/**
 * A serverless engine for one machine and for tests: serves the public key, routes clients to the worker with
 * the shortest queue, and records the reports of workers. Workers announce themselves by their first report, or a
 * provider makes them as the load requires. The state is kept in memory, or in a file.
 *
 * It can also simulate an outage: see {@link Engine.outage}.
 *
 * @example
 * ```ts
 * const engine = new Engine({ endpoint: "my-endpoint", apiKey: "secret" });
 * const url = await engine.start();          // workers: REPORT_ADDR=<url>
 * engine.on("report", (report) => console.log(report.id, report.cur_load));
 * // …
 * await engine.stop();
 * ```
 */
export class Engine extends EventEmitter<EngineEvents> {
  readonly #options: CheckedOptions;
  readonly #ledger: Ledger;
  readonly #server: EngineServer;
  readonly #admission: Admission;
  readonly #file: StateFile | undefined;
  #run: EngineRun | undefined;
  /** State at its last stop; undefined: it runs, or was never started. */
  #stopped: EngineState | undefined;
  #refused = 0;

  /** @throws {TsworkerError} `CONFIG_INVALID`, listing every invalid option. */
  constructor(options: EngineOptions) {
    super();
    this.#options = checkedOptions(options);
    const { host, port, history, state, cors } = this.#options;
    this.#ledger = new Ledger(history);
    this.#file =
      state === undefined
        ? undefined
        : new StateFile({
            path: state,
            state: () => this.#stopped ?? started(this.#run).snapshot(false),
            onNotice: (notice) => this.#notice(notice),
          });
    this.#admission = new Admission({
      token: () => this.token,
      accountKey: this.#accountKey,
      opensEndpoint: (key) => this.#run?.endpoints.hasKey(key) ?? false,
    });
    this.#server = new EngineServer({
      host,
      port,
      cors,
      admission: this.#admission,
      router: new Router([
        ...serviceRoutes(this.#serviceContext()),
        ...accountRoutes(this.#accountContext()),
        ...deploymentRoutes(this.#deploymentContext()),
      ]),
      onRefused: (path, reason) => this.#countRefusal(path, reason),
      onError: (error) => this.#notice(error),
    });
  }

  /** Base URL. @throws before the start. */
  get url(): string {
    return started(this.#server.url);
  }

  /** The public key, PEM. @throws before the start. */
  get publicKey(): string {
    return started(this.#run).key.publicPem;
  }

  /**
   * The `mtoken` that reports must carry, to be given to workers as `MASTER_TOKEN`; undefined where reports need none, and before the start.
   */
  get token(): string | undefined {
    return this.#run?.token;
  }

  /** The newest status reports, oldest first; `history` at most, and no more than 32 MB. */
  get reports(): readonly RecordedReport[] {
    return this.#ledger.reports;
  }

  /** The newest ended requests, oldest first; `history` at most. */
  get ended(): readonly RecordedEnd[] {
    return this.#ledger.ended;
  }

  /** Sums over all recorded reports. */
  get totals(): Totals {
    return this.#ledger.totals;
  }

  /** Number of reports and deliveries of ended requests that arrived but were not answered 2xx. */
  get refused(): number {
    return this.#refused;
  }

  /** The workers of all endpoints, with their state and expected queue now. */
  get workers(): readonly WorkerView[] {
    return this.#run?.endpoints.all.flatMap((endpoint) => endpoint.workers.view()) ?? [];
  }

  /**
   * Listens, and continues from the state file. Resolves to the base URL, also when it listens already.
   *
   * @throws {TsworkerError} `PORT_UNAVAILABLE`; `STATE_UNAVAILABLE`; `CONFIG_INVALID` when the parameters of scaling
   * conflict with the stored ones. It does not listen then.
   */
  async start(): Promise<string> {
    if (this.#run !== undefined && this.#stopped === undefined) {
      await this.#server.start();
      return this.url;
    }
    const before = { run: this.#run, stopped: this.#stopped };
    const state = this.#stopped ?? (await this.#file?.load());
    const privateKey = this.#options.privateKey ?? state?.privateKey;
    const key = this.#run?.key ?? (privateKey ? SigningKey.from(privateKey) : await SigningKey.generate());
    await this.#server.start();
    try {
      this.#run = new EngineRun({ options: this.#options, key, state, hooks: this.#hooks() });
      this.#stopped = undefined;
      await this.#file?.flush();
    } catch (error) {
      // An engine that cannot write its state must not start.
      await this.#close();
      this.#run = before.run;
      this.#stopped = before.stopped;
      throw error;
    }
    return this.url;
  }

  /**
   * Stops the workers that its provider made, then stops listening and destroys every connection. Recorded reports
   * stay readable. With a state file, the workers are started again with the engine.
   *
   * @throws {TsworkerError} `STATE_UNAVAILABLE` when the state cannot be written; the engine has stopped nevertheless.
   */
  async stop(): Promise<void> {
    if (this.#run === undefined || this.#stopped !== undefined) {
      await this.#server.stop();
      return;
    }
    this.#stopped = this.#run.snapshot(true);
    await this.#close();
    await this.#file?.release();
  }

  /** The server stops last: workers that end send their last reports. */
  async #close(): Promise<void> {
    await this.#run?.close(this.#file !== undefined);
    await this.#server.stop();
  }

  /**
   * Routes nothing to a worker that announced itself until it has reported a `loadtime` again. To be called when its
   * process ended without a report: otherwise it would get requests until `silentAfter` is over.
   */
  expectAnew(workerId: number): void {
    for (const { workers } of this.#run?.endpoints.all ?? []) workers.expectAnew(workerId);
  }

  /**
   * Simulates an outage until {@link Engine.recover} or the next outage. Reports that arrive during it are not recorded, and
   * count in {@link Engine.refused}.
   *
   * @throws {RangeError} for a status outside 300 to 599.
   *
   * @example
   * ```ts
   * await engine.outage({ kind: "status", status: 500, paths: ["/worker_status/"] });
   * await engine.outage({ kind: "refuse" });
   * await engine.recover();
   * ```
   */
  async outage(outage: Outage): Promise<void> {
    if (outage.kind === "status" && !(outage.status >= 300 && outage.status <= 599)) {
      throw new RangeError(`an outage answers with a status from 300 to 599, got ${outage.status}`);
    }
    await this.#server.fail(outage);
    this.#emitLater(() => this.emit("outage", outage));
  }

  /** Ends an outage; after a refusal the engine listens again, on the same port. */
  async recover(): Promise<void> {
    await this.#server.fail(undefined);
    this.#emitLater(() => this.emit("outage", undefined));
  }

  /** Base64 of the signature over a worker's URL. @throws before the start. */
  sign(url: string): string {
    return started(this.#run).key.sign(url);
  }

  /**
   * The answer of `/route/` that sends a new request to the worker at `url`, whether that worker is known or not: for
   * requests that go to a worker directly. Nothing is recorded.
   *
   * @throws before the start.
   */
  authData({ url, cost = 100 }: { readonly url: string; readonly cost?: number }): AuthData {
    return started(this.#run?.own).authDataFor(url, cost);
  }

  get #accountKey(): string {
    return this.#options.accountKey ?? this.#options.apiKey;
  }

  #hooks(): ConstructorParameters<typeof EngineRun>[0]["hooks"] {
    return {
      engineUrl: () => this.url,
      onRequested: (cost) => this.#ledger.recordRequested(cost),
      onWorker: (worker) => this.#emitLater(() => this.emit("worker", worker)),
      onPlan: (endpoint, made) => this.#emitLater(() => this.emit("plan", { endpoint, plan: made })),
      onNotice: (notice) => this.#notice(notice),
      onChanged: () => this.#file?.touch(),
    };
  }

  #accountContext(): AccountContext {
    return {
      ownEndpoint: this.#options.endpoint,
      endpoints: () => started(this.#run).endpoints,
    };
  }

  #deploymentContext(): DeploymentContext {
    return {
      ownEndpoint: this.#options.endpoint,
      accountKey: this.#accountKey,
      startsWorkers: this.#options.provider !== undefined,
      deployments: () => started(this.#run).deployments,
    };
  }

  #serviceContext(): ServiceContext {
    return {
      admission: this.#admission,
      accountKey: this.#accountKey,
      publicKey: () => this.publicKey,
      certificate: () => started(this.#run).key.certificate,
      endpoints: () => started(this.#run).endpoints,
      dispatch: (endpoint, question) => {
        const answer = endpoint.dispatch(question);
        this.#file?.touch();
        if ("url" in answer) this.#emitLater(() => this.emit("routed", answer));
        else this.#emitLater(() => this.emit("unrouted", answer));
        return answer;
      },
      recordReport: (status) => {
        const endpoint =
          this.#run?.endpoints.all.find((each) => each.workers.has(status.id)) ?? this.#run?.own;
        if (endpoint?.workers.hasRoom(status.id) === false) return false;
        const report = this.#ledger.recordReport(status, now());
        endpoint?.workers.takeReport(report);
        this.#emitLater(() => this.emit("report", report));
        return true;
      },
      recordEnded: (delivery) => {
        const ended = this.#ledger.recordEnded(delivery, now());
        for (const endpoint of this.#run?.endpoints.all ?? []) endpoint.takeEnded(delivery);
        if (ended.length > 0) this.#emitLater(() => this.emit("ended", ended));
      },
    };
  }

  #countRefusal(path: string, reason: string): void {
    if (!REPORT_PATHS.includes(withoutSlash(path))) return;
    this.#refused += 1;
    this.#emitLater(() => this.emit("refused", { path, reason }));
  }

  #notice(notice: string): void {
    this.#emitLater(() => this.emit("notice", notice));
  }

  /**
   * Emits after the current request has been answered: if a listener threw before that, the worker would get an error and
   * deliver a recorded report again.
   */
  #emitLater(emit: () => void): void {
    setImmediate(emit);
  }
}

function now(): number {
  return Date.now() / 1000;
}

function started<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the engine has not been started");
  return value;
}
