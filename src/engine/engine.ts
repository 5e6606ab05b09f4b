import { EventEmitter } from "node:events";
import type { AuthData } from "../wire.js";
import { Dispatcher } from "./dispatcher.js";
import type { EngineEvents } from "./engine-events.js";
import type { EngineOptions } from "./engine-options.js";
import { EngineServer } from "./engine-server.js";
import { Ledger, type RecordedEnd, type RecordedReport, type Totals } from "./ledger.js";
import { type Outage, withoutSlash } from "./outage.js";
import { Roster, type WorkerView } from "./roster.js";
import { type Desk, routes } from "./routes.js";
import { SigningKey } from "./signing-key.js";

const REPORT_PATHS: readonly string[] = ["/worker_status", "/delete_requests"];

/**
 * A local stand-in of the serverless engine: serves the public key, routes clients to the worker with the
 * shortest queue, takes workers' reports and shows what it was told. Workers announce themselves by their
 * first report; nothing has to be configured for them. State lives in memory, as long as the object does.
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
  readonly #roster: Roster;
  readonly #dispatcher: Dispatcher;
  readonly #server: EngineServer;
  #key: SigningKey | undefined;
  #refused = 0;

  constructor(options: EngineOptions) {
    super();
    const { endpoint, host = "127.0.0.1", port = 0, history = 10_000, silentAfter = 35 } = options;
    this.#options = options;
    this.#ledger = new Ledger(history);
    this.#roster = new Roster(silentAfter);
    this.#dispatcher = new Dispatcher({
      endpoint,
      roster: this.#roster,
      ledger: this.#ledger,
      sign: (url) => this.sign(url),
    });
    this.#server = new EngineServer({
      host,
      port,
      routes: routes(this.#desk()),
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

  /** The workers that have reported, with their state and expected queue now. */
  get workers(): readonly WorkerView[] {
    return this.#roster.view(now());
  }

  /**
   * Listens. Resolves to the base URL; when it listens already, to the same.
   *
   * @throws {TsworkerError} `PORT_UNAVAILABLE`.
   */
  async start(): Promise<string> {
    const { privateKey } = this.#options;
    this.#key ??= privateKey ? SigningKey.from(privateKey) : await SigningKey.generate();
    await this.#server.start();
    return this.url;
  }

  /** Stops listening and destroys every connection, hung ones included. What was recorded stays readable. */
  async stop(): Promise<void> {
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
    return this.#dispatcher.authDataFor(url, cost);
  }

  #desk(): Desk {
    const { endpoint, apiKey, token } = this.#options;
    return {
      endpoint,
      apiKey,
      token,
      publicKey: () => this.publicKey,
      dispatch: (askedIdx, cost) => {
        const answer = this.#dispatcher.dispatch(askedIdx, cost, now());
        if ("url" in answer) this.#announce(() => this.emit("routed", answer));
        else this.#announce(() => this.emit("unrouted", answer));
        return answer;
      },
      recordReport: (status) => {
        const report = this.#ledger.recordReport(status, now());
        this.#roster.update(report);
        this.#announce(() => this.emit("report", report));
      },
      recordEnded: (delivery) => {
        const ended = this.#ledger.recordEnded(delivery, now());
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
