import type { Planner } from "./scaling/plan.js";
import type { ScalingParameters } from "./scaling/scaling-parameters.js";
import type { Provider } from "./workers/provider.js";

/** Options of an {@link Engine}. */
export interface EngineOptions {
  /** Name of the endpoint that it is started with. Others can be added by the web calls. */
  readonly endpoint: string;
  /** The endpoint's key, which clients need for `/route/`. */
  readonly apiKey: string;
  /**
   * The key of the web calls.
   * @default apiKey
   */
  readonly accountKey?: string;
  /**
   * Address to listen on.
   * @default "127.0.0.1"
   */
  readonly host?: string;
  /**
   * Port to listen on; 0: any free one.
   * @default 0
   */
  readonly port?: number;
  /**
   * The `mtoken` that reports must carry; others are answered 401. A provider gives it to its workers.
   * `true`: one of its own, which the state keeps; {@link Engine.token} has it. An empty text: any.
   * Default: any; with a provider, one of its own.
   *
   * Where any is taken, whoever reaches the port can report as any worker, and clients are sent to the URL in that report.
   */
  readonly token?: string | true;
  /**
   * Origins whose pages may call the engine from a browser, such as `https://app.example.com`; `"*"` is any. Requests
   * of other pages are answered 403.
   * @default none
   */
  readonly cors?: readonly string[];
  /** RSA private key, PEM. Default: that of the state, or a new one of 2048 bits at the first start. */
  readonly privateKey?: string;
  /**
   * How many of the newest reports, and how many of the newest ended requests, are kept; of reports no more than 32 MB.
   * @default 10000
   */
  readonly history?: number;
  /**
   * Seconds without a report after which a worker gets no more requests, and one that a provider made is
   * replaced. Workers report every 10 s.
   * @default 35
   */
  readonly silentAfter?: number;
  /**
   * Seconds between a worker's start and its first report after which it counts as failed.
   * @default 60
   */
  readonly startTimeout?: number;
  /** Parameters of scaling, by their names on the wire. Default: those of the state, or the defaults. */
  readonly scaling?: { readonly [name in keyof ScalingParameters]?: ScalingParameters[name] | undefined };
  /**
   * Makes workers and takes them away, as scaling asks. Without one, workers announce themselves by their
   * first report, and nothing is scaled.
   */
  readonly provider?: Provider | undefined;
  /** Other rules of scaling than the usual ones. */
  readonly planner?: Planner;
  /**
   * Workload per second that a worker is expected to have before the first one was measured.
   * @default 100
   */
  readonly expectedCapacity?: number;
  /**
   * File that endpoints, workergroups, workers, keys and counters are kept in. It holds keys, and only its
   * owner may read it. Default: they last as long as the object.
   */
  readonly state?: string;
}
