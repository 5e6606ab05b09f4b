import { EventEmitter } from "node:events";
import type { AuthData } from "../wire.js";
import { checkedScaling } from "./checked-scaling.js";
import type { EndpointSurroundings } from "./endpoint-surroundings.js";
import type { Endpoints } from "./endpoints.js";
import type { EngineEvents } from "./engine-events.js";
import type { EngineOptions } from "./engine-options.js";
import { EngineServer } from "./engine-server.js";
import type { EngineState } from "./engine-state.js";
import { Ledger, type RecordedEnd, type RecordedReport, type Totals } from "./ledger.js";
import type { ManagedEndpoint } from "./managed-endpoint.js";
import { openEndpoints } from "./open-endpoints.js";
import { type Outage, withoutSlash } from "./outage.js";
import { RequestNumbers } from "./request-numbers.js";
import { Router } from "./router.js";
import { type Desk, routes } from "./routes.js";
import { plan } from "./scaling/plan.js";
import { SigningKey } from "./signing-key.js";
import { StateFile } from "./state-file.js";
import { type WebDesk, webRoutes } from "./web-routes.js";
import type { WorkerView } from "./worker-view.js";

/**
 * How far the counters may go between two writings of the state: no number is given out twice, even after a
 * crash.
 */
const MARGIN = 10_000;

const REPORT_PATHS: readonly string[] = ["/worker_status", "/delete_requests"];

/**
 * A serverless engine for one machine and for tests: serves the public key, routes clients to the worker with
 * the shortest queue, takes workers' reports and shows what it was told. Workers announce themselves by their
 * first report, or a provider makes them as the load asks. What it knows lives in memory, or in a file.
 *
 * It can also rehearse an outage: see {@link Engine.outage}.
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
  readonly #options: EngineOptions;
  readonly #ledger: Ledger;
  readonly #server: EngineServer;
  readonly #file: StateFile | undefined;
  #key: SigningKey | undefined;
  #numbers = new RequestNumbers();
  #lastWorkerId = 0;
  #endpoints: Endpoints | undefined;
  /** What was known when it was stopped last. */
  #memory: EngineState | undefined;
  #refused = 0;

  /** @throws {TsworkerError} `CONFIG_INVALID` for parameters of scaling that are none. */
  constructor(options: EngineOptions) {
    super();
    const { host = "127.0.0.1", port = 0, history = 10_000, state } = options;
    checkedScaling(options.scaling);
    this.#options = options;
    this.#ledger = new Ledger(history);
    this.#file =
      state === undefined
        ? undefined
        : new StateFile({
            path: state,
            state: () => this.#remember(MARGIN),
            onNotice: (notice) => this.#announce(() => this.emit("notice", notice)),
          });
    this.#server = new EngineServer({
      host,
      port,
      router: new Router([...routes(this.#desk()), ...webRoutes(this.#webDesk())]),
      onRefused: (path, reason) => this.#countRefusal(path, reason),
    });
  }

  /** Base URL. @throws before the start. */
  get url(): string {
    return started(this.#server.url);
  }

  /** The public key, PEM. @throws before the start. */
  get publicKey(): string {
    return started(this.#key).publicPem;
  }

  /** The newest status reports, oldest first; `history` at most. */
  get reports(): readonly RecordedReport[] {
    return this.#ledger.reports;
  }

  /** The newest ended requests, oldest first; `history` at most. */
  get ended(): readonly RecordedEnd[] {
    return this.#ledger.ended;
  }

  /** Sums over everything that was ever recorded. */
  get totals(): Totals {
    return this.#ledger.totals;
  }

  /** Number of reports and deliveries of ended requests that arrived but were not answered 2xx. */
  get refused(): number {
    return this.#refused;
  }

  /** The workers of all endpoints, with their state and expected queue now. */
  get workers(): readonly WorkerView[] {
    return this.#endpoints?.all.flatMap((endpoint) => endpoint.workforce.view()) ?? [];
  }

  /**
   * Listens, and goes on with what the state file holds. Resolves to the base URL; when it listens already,
   * to the same.
   *
   * @throws {TsworkerError} `PORT_UNAVAILABLE`, `STATE_UNAVAILABLE`.
   */
  async start(): Promise<string> {
    if (this.#endpoints !== undefined && this.#memory === undefined) {
      await this.#server.start();
      return this.url;
    }
    const state = this.#memory ?? (await this.#file?.load());
    const privateKey = this.#options.privateKey ?? state?.privateKey;
    this.#key ??= privateKey ? SigningKey.from(privateKey) : await SigningKey.generate();
    await this.#server.start();
    this.#open(state);
    this.#memory = undefined;
    try {
      await this.#file?.flush();
    } catch (error) {
      // An engine that would forget everything is not to begin.
      await this.#close();
      this.#endpoints = undefined;
      throw error;
    }
    return this.url;
  }

  /**
   * Ends the workers that its provider made, then stops listening and destroys every connection, hung ones
   * included. What was recorded stays readable. With a state file, the workers are started again with the
   * engine.
   *
   * @throws {TsworkerError} `STATE_UNAVAILABLE` when the state cannot be written; all has ended then, too.
   */
  async stop(): Promise<void> {
    if (this.#endpoints === undefined || this.#memory !== undefined) {
      await this.#server.stop();
      return;
    }
    this.#memory = this.#remember(0);
    await this.#close();
    await this.#file?.flush();
  }

  /** The server is last: workers that end have something to report. */
  async #close(): Promise<void> {
    const keep = this.#file !== undefined;
    await Promise.all(this.#endpoints?.all.map((endpoint) => endpoint.workforce.close(keep)) ?? []);
    await this.#server.stop();
  }

  /**
   * Rehearses an outage until {@link Engine.recover} or the next outage. What arrives meanwhile is neither
   * recorded nor added to any total; reports among it count in {@link Engine.refused}.
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
    this.#announce(() => this.emit("outage", outage));
  }

  /** Ends an outage; after a refusal the engine listens again, on the same port. */
  async recover(): Promise<void> {
    await this.#server.fail(undefined);
    this.#announce(() => this.emit("outage", undefined));
  }

  /** Base64 of the signature over a worker's URL. @throws before the start. */
  sign(url: string): string {
    return started(this.#key).sign(url);
  }

  /**
   * What `/route/` would answer a new request for the worker at `url`, whether that worker is known or not:
   * for requests that go to a worker directly. Nothing is recorded.
   *
   * @throws before the start.
   */
  authData({ url, cost = 100 }: { readonly url: string; readonly cost?: number }): AuthData {
    return started(this.#own).authDataFor(url, cost);
  }

  /** The endpoint that it was started with. */
  get #own(): ManagedEndpoint | undefined {
    return this.#endpoints?.byName(this.#options.endpoint);
  }

  get #accountKey(): string {
    return this.#options.accountKey ?? this.#options.apiKey;
  }

  /** Goes on with an earlier run, or begins. */
  #open(state: EngineState | undefined): void {
    if (state) {
      this.#numbers = new RequestNumbers({ requestIdx: state.lastRequestIdx, reqnum: state.lastReqnum });
      this.#lastWorkerId = state.lastWorkerId;
    }
    this.#endpoints = openEndpoints(this.#options, state, this.#surroundings());
  }

  #surroundings(): EndpointSurroundings {
    const { provider, planner = plan, silentAfter = 35, startTimeout = 60, token = "" } = this.#options;
    return {
      provider,
      planner,
      numbers: this.#numbers,
      silentAfter,
      startTimeout,
      expectedCapacity: this.#options.expectedCapacity ?? 100,
      token,
      nextWorkerId: () => {
        this.#lastWorkerId += 1;
        return this.#lastWorkerId;
      },
      engineUrl: () => this.url,
      sign: (url) => this.sign(url),
      onRequested: (cost) => this.#ledger.recordRequested(cost),
      onWorker: (worker) => this.#announce(() => this.emit("worker", worker)),
      onPlan: (endpoint, made) => this.#announce(() => this.emit("plan", { endpoint, plan: made })),
      onNotice: (notice) => this.#announce(() => this.emit("notice", notice)),
      onChanged: () => this.#file?.touch(),
    };
  }

  /** What outlives the engine. @param margin - how far the counters may go before this is written again. */
  #remember(margin: number): EngineState {
    if (this.#memory !== undefined) return this.#memory;
    const { requestIdx, reqnum } = this.#numbers.last;
    const endpoints = started(this.#endpoints);
    return {
      version: 1,
      privateKey: started(this.#key).privatePem,
      lastRequestIdx: requestIdx + margin,
      lastReqnum: reqnum + margin,
      lastId: endpoints.lastId,
      lastWorkerId: this.#lastWorkerId,
      endpoints: endpoints.all.map(({ record }) => record),
      groups: [...endpoints.groups],
      workers: endpoints.remembered(),
    };
  }

  #webDesk(): WebDesk {
    return {
      accountKey: this.#accountKey,
      ownEndpoint: this.#options.endpoint,
      endpoints: () => started(this.#endpoints),
    };
  }

  #desk(): Desk {
    return {
      token: this.#options.token,
      accountKey: this.#accountKey,
      publicKey: () => this.publicKey,
      endpointNamed: (name) => this.#endpoints?.byName(name),
      endpointOf: (id) => this.#endpoints?.byId(id),
      dispatch: (endpoint, question) => {
        const answer = endpoint.dispatch(question);
        this.#file?.touch();
        if ("url" in answer) this.#announce(() => this.emit("routed", answer));
        else this.#announce(() => this.emit("unrouted", answer));
        return answer;
      },
      recordReport: (status) => {
        const report = this.#ledger.recordReport(status, now());
        const endpoint = this.#endpoints?.all.find((each) => each.workforce.has(status.id)) ?? this.#own;
        endpoint?.workforce.takeReport(report);
        this.#announce(() => this.emit("report", report));
      },
      recordEnded: (delivery) => {
        const ended = this.#ledger.recordEnded(delivery, now());
        for (const endpoint of this.#endpoints?.all ?? []) endpoint.takeEnded(delivery);
        if (ended.length > 0) this.#announce(() => this.emit("ended", ended));
      },
    };
  }

  #countRefusal(path: string, reason: string): void {
    if (!REPORT_PATHS.includes(withoutSlash(path))) return;
    this.#refused += 1;
    this.#announce(() => this.emit("refused", { path, reason }));
  }

  /**
   * Emits once the present request has been answered: a listener that throws must not turn what was recorded
   * into an error for the worker, which would then deliver it again.
   */
  #announce(emit: () => void): void {
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
