import type { RequestOptions } from "../client/index.js";
import type { Contexts, ContextValues } from "./context.js";

/**
 * The arguments of a function, inferred from the function alone. TypeScript's `NoInfer` takes no function with fewer
 * parameters.
 */
type Inferred<Arguments extends readonly unknown[]> = [Arguments][Arguments extends unknown ? 0 : never];

/** Options of a remote function. */
export interface RemoteOptions<Arguments extends readonly unknown[]> {
  /**
   * Name of the function: letters, digits, `_`, `-` and `.`. Callers and workers find it by its name.
   * @default the function's own name
   */
  readonly name?: string | undefined;
  /**
   * Arguments of the calls that measure the capacity of a worker: a list of lists to draw from, or a function that makes one.
   * Exactly one function of a deployment has it.
   */
  readonly benchmark?:
    | readonly Readonly<Inferred<Arguments>>[]
    | (() => Readonly<Inferred<Arguments>>)
    | undefined;
  /** Rounds of the benchmark; the best one counts. Integer of at least 1. @default 8 */
  readonly benchmarkRuns?: number | undefined;
  /**
   * Workload of a call in units of your choice, by its arguments, on the caller's side and on the worker's. All functions
   * of a deployment use the same unit.
   * @default () => 100
   */
  readonly workload?: ((...args: Inferred<Arguments>) => number) | undefined;
  /**
   * Calls that run at once on a worker. With 1, functions share one queue: one call at a time, over all of them. Integer of at
   * least 1, or `null` for no limit.
   * @default 1
   */
  readonly concurrency?: number | null | undefined;
  /**
   * Seconds: a worker refuses a call when the work ahead of it takes longer, and the call goes to another one. `null` is no
   * limit.
   * @default 30
   */
  readonly maxQueueTime?: number | null | undefined;
}

/** Options of a call. */
export type RemoteCallOptions = Pick<
  RequestOptions,
  "signal" | "timeoutMs" | "attemptTimeoutMs" | "retry" | "onStatus" | "onProgress"
>;

/** What a call of a remote function returns: a generator where the function is one, a promise otherwise. */
export type RemoteResult<Result> =
  Result extends AsyncGenerator<infer Value, infer Returned, unknown>
    ? AsyncGenerator<Value, Returned, undefined>
    : Promise<Awaited<Result>>;

/**
 * A function that runs on a worker of its deployment, wherever it is called; on that worker itself it runs in place.
 *
 * A call rejects with a {@link RemoteError} when the function throws, with a TypeError when an argument cannot be sent, and
 * as `Endpoint.request` of the client otherwise.
 */
export interface RemoteFunction<Arguments extends readonly unknown[], Result> {
  (...args: Arguments): RemoteResult<Result>;
  readonly remoteName: string;
  /**
   * The function with options for its calls.
   *
   * @example
   * ```ts
   * await square.with({ timeoutMs: 10_000 })(5);
   * ```
   */
  with(options: RemoteCallOptions): (...args: Arguments) => RemoteResult<Result>;
}

/** A function as registered in its deployment. */
export interface DefinedFunction {
  readonly name: string;
  readonly isGenerator: boolean;
  readonly options: RemoteOptions<readonly unknown[]>;
  /** Undefined: the function gets the caller's arguments only. */
  readonly contexts: Contexts | undefined;
  readonly body: (...args: readonly unknown[]) => unknown;
}

/** The kind of a function, by its syntax. */
export function kindOf(body: unknown): "plain" | "async generator" | "generator" | "none" {
  if (typeof body !== "function") return "none";
  const tag = Object.prototype.toString.call(body);
  if (tag === "[object AsyncGeneratorFunction]") return "async generator";
  return tag === "[object GeneratorFunction]" ? "generator" : "plain";
}

/** A function body with contexts, and one without. */
export type Body<Arguments extends readonly unknown[], Result> = (...args: Arguments) => Result;
export type ContextBody<Given extends Contexts, Arguments extends readonly unknown[], Result> = (
  context: ContextValues<Given>,
  ...args: Arguments
) => Result;
