import { type Endpoint, Serverless, type ServerlessOptions, TsworkerError } from "../client/index.js";
import { outcomeIn, payloadOf } from "./outcome.js";
import type { DefinedFunction, RemoteCallOptions } from "./remote-function.js";
import { routeOf } from "./serving.js";

/** Where the calls of a deployment's functions go. */
export interface ConnectOptions extends ServerlessOptions {
  /** Name of the deployment's endpoint. @default the deployment's name, and `-<tag>` unless that is "default" */
  readonly endpoint?: string | undefined;
}

/** Makes the calls of a deployment's functions from this process, through the engine. */
export class Caller {
  readonly #endpoint: Endpoint;

  /** @throws {TsworkerError} `CONFIG_INVALID` for invalid options. */
  constructor(endpoint: string, { endpoint: given, ...options }: ConnectOptions) {
    const { engineUrl = options.instance === undefined ? process.env.ENGINE_URL || undefined : undefined } =
      options;
    this.#endpoint = new Serverless({ ...options, engineUrl }).endpoint(given ?? endpoint);
  }

  /** The result of a plain function. */
  async result(
    called: DefinedFunction,
    args: readonly unknown[],
    options: RemoteCallOptions,
  ): Promise<unknown> {
    const { name } = called;
    const payload = payloadOf(name, args);
    const answer = await this.#endpoint.request(routeOf(name), payload, {
      ...options,
      cost: costOf(called, args),
    });
    if (answer.status === 404) throw noSuchFunction(name, answer.url);
    await answer.expectOk();
    const { result } = await answer.json<{ readonly result?: unknown }>();
    return outcomeIn(name, result).value;
  }

  /** The values of a generator, each as soon as it arrives. Leaving the loop early ends the generator on its worker. */
  async *stream(
    called: DefinedFunction,
    args: readonly unknown[],
    options: RemoteCallOptions,
  ): AsyncGenerator<unknown, unknown, undefined> {
    const { name } = called;
    const payload = payloadOf(name, args);
    const answer = await this.#endpoint.request(routeOf(name), payload, {
      ...options,
      cost: costOf(called, args),
      stream: true,
    });
    if (answer.status === 404) throw noSuchFunction(name, answer.url);
    for await (const text of answer) {
      const { kind, value } = outcomeIn(name, text);
      if (kind === "return") return value;
      yield value;
    }
    throw new TsworkerError("ANSWER_BROKEN", `the stream of ${name} from ${answer.url} ended before its end`);
  }
}

/** Workload of a call without a calculator. */
const DEFAULT_WORKLOAD = 100;

function costOf({ name, options: { workload } }: DefinedFunction, args: readonly unknown[]): number {
  const cost = workload === undefined ? DEFAULT_WORKLOAD : workload(...args);
  if (Number.isFinite(cost) && cost >= 0) return cost;
  throw new TypeError(`the workload of ${name}: expected a number from 0 on, got ${String(cost)}`);
}

const noSuchFunction = (name: string, url: string): TsworkerError =>
  new TsworkerError(
    "WORKER_REFUSED",
    `the worker at ${url} has no function ${name}: it runs another version of the deployment; deploy this one`,
  );
