import type { WorkerConfig } from "../index.js";
import { formatErrors, TsworkerError } from "../shared/errors.js";
import { Caller, type ConnectOptions } from "./caller.js";
import { type Context, type Contexts, disposeOwn, LoadedContexts } from "./context.js";
import {
  type CheckedDeploymentOptions,
  checkedDeploymentOptions,
  type DeploymentOptions,
  isName,
} from "./deployment-options.js";
import { deploymentRegistry } from "./registry.js";
import {
  type Body,
  type ContextBody,
  type DefinedFunction,
  kindOf,
  type RemoteCallOptions,
  type RemoteFunction,
  type RemoteOptions,
} from "./remote-function.js";
import { callHere, workerConfigOf } from "./serving.js";

/**
 * Functions that run on workers and are called like local ones. Made by {@link defineDeployment}.
 *
 * The same file is imported by callers and by workers. A process is a worker of a deployment where `tsworker serve` runs its
 * file, or a `Worker` has its {@link Deployment.workerConfig}; everywhere else a call goes through the engine.
 */
export class Deployment {
  readonly options: CheckedDeploymentOptions;
  readonly #functions = new Map<string, DefinedFunction>();
  readonly #loaded = new LoadedContexts();
  #caller: Caller | undefined;
  #isServed = false;

  /** @throws {TsworkerError} `CONFIG_INVALID`, listing every invalid option. */
  constructor(options: DeploymentOptions) {
    this.options = checkedDeploymentOptions(options);
    deploymentRegistry.defined.push(this);
  }

  get name(): string {
    return this.options.name;
  }

  get tag(): string {
    return this.options.tag;
  }

  /** Name of its endpoint at the engine: its name, and `-<tag>` unless that is "default". */
  get endpointName(): string {
    return this.tag === "default" ? this.name : `${this.name}-${this.tag}`;
  }

  /** Names of its functions, in the order of their definition. */
  get functionNames(): readonly string[] {
    return [...this.#functions.keys()];
  }

  /**
   * Makes a function remote. An async generator function streams its values.
   *
   * @param body - runs on a worker. With `context` in the options, its first parameter has the values of these contexts and
   * a `signal`; callers do not pass it.
   * @throws {TsworkerError} `CONFIG_INVALID` for a function without a name or with one that is taken, and for invalid options.
   *
   * @example
   * ```ts
   * export const square = deployment.remote(async function square(x: number) {
   *   return x * x;
   * }, { benchmark: [[2]] });
   *
   * console.log(await square(5)); // 25
   * ```
   */
  remote<Given extends Contexts, Arguments extends readonly unknown[], Result>(
    body: ContextBody<Given, Arguments, Result>,
    options: RemoteOptions<Arguments> & { readonly context: Given },
  ): RemoteFunction<Arguments, Result>;
  remote<Arguments extends readonly unknown[], Result>(
    body: Body<Arguments, Result>,
    options?: RemoteOptions<Arguments> & { readonly context?: undefined },
  ): RemoteFunction<Arguments, Result>;
  remote(body: (...args: never[]) => unknown, options: object = {}): unknown {
    const defined = this.#defined(body, options as GivenOptions);
    this.#functions.set(defined.name, defined);
    const call =
      (callOptions: RemoteCallOptions) =>
      (...args: readonly unknown[]): unknown =>
        this.#call(defined, args, callOptions);
    return Object.assign(call({}), { remoteName: defined.name, with: call });
  }

  /**
   * An object that every worker loads once, before it is ready, and disposes when it stops.
   *
   * @param load - makes the value. If it throws, the worker is errored, and tries again after 10 s.
   * @param dispose - releases the value. Default: its own `Symbol.asyncDispose` or `Symbol.dispose`, if it has one.
   *
   * @example
   * ```ts
   * const model = deployment.context(async () => loadModel("weights.bin"), (loaded) => loaded.free());
   *
   * export const classify = deployment.remote(async function classify({ model }, text: string) {
   *   return model.classify(text);
   * }, { context: { model }, benchmark: [["hello"]] });
   * ```
   */
  context<Value>(
    load: (signal: AbortSignal) => Value | Promise<Value>,
    dispose: (value: Value) => unknown = disposeOwn,
  ): Context<Value> {
    return { load, dispose };
  }

  /**
   * Sets the engine and the key for calls from this process. Without it, they are those of the environment: `ENGINE_URL`
   * (default: the hosted engine) and `VAST_API_KEY`.
   *
   * @throws {TsworkerError} `CONFIG_INVALID` for invalid options.
   */
  connect(options: ConnectOptions = {}): void {
    this.#caller = new Caller(this.endpointName, options);
  }

  /**
   * The configuration of a worker that serves the functions. From then on this process is a worker of the deployment, and calls
   * of its functions run here.
   *
   * @throws {TsworkerError} `CONFIG_INVALID` without functions, or where not exactly one of them has a benchmark.
   */
  workerConfig(): WorkerConfig {
    this.checkFunctions();
    this.#isServed = true;
    return workerConfigOf([...this.#functions.values()], this.#loaded);
  }

  /** @throws {TsworkerError} `CONFIG_INVALID` without functions, or where not exactly one of them has a benchmark. */
  checkFunctions(): void {
    const all = [...this.#functions.values()];
    if (all.length === 0) {
      throw invalid(`the deployment ${this.name} has no functions: make some with deployment.remote(…)`);
    }
    const measured = all.filter(({ options }) => options.benchmark !== undefined).map(({ name }) => name);
    if (measured.length === 1) return;
    const names = this.functionNames.join(", ");
    throw invalid(
      measured.length === 0
        ? `the deployment ${this.name} has no benchmark: give one of its functions (${names}) { benchmark: [[…arguments]] }`
        : `the deployment ${this.name} has several benchmarks (${measured.join(", ")}): only one function may have one`,
    );
  }

  #defined(
    body: (...args: never[]) => unknown,
    { context: contexts, ...options }: GivenOptions,
  ): DefinedFunction {
    const kind = kindOf(body);
    if (kind === "none") throw invalid(`deployment.remote: expected a function, got ${typeof body}`);
    const { name = body.name } = options;
    const errors = functionErrors(options, contexts);
    if (kind === "generator") errors.push("expected an async generator (async function*), got a generator");
    if (name === "") errors.push('it has no name: write async function square(…) {…}, or { name: "square" }');
    else if (!isName(name))
      errors.push(`name: expected letters, digits, _, - and ., got ${JSON.stringify(name)}`);
    else if (this.#functions.has(name)) errors.push(`name: the deployment has a function ${name} already`);
    if (errors.length > 0)
      throw invalid(formatErrors(`the remote function ${name || "without a name"}`, errors));
    return {
      name,
      isGenerator: kind === "async generator",
      options,
      contexts,
      body: body as DefinedFunction["body"],
    };
  }

  #call(called: DefinedFunction, args: readonly unknown[], options: RemoteCallOptions): unknown {
    if (called.isGenerator) return this.#streamed(called, args, options);
    return this.#returned(called, args, options);
  }

  async #returned(
    called: DefinedFunction,
    args: readonly unknown[],
    options: RemoteCallOptions,
  ): Promise<unknown> {
    if (this.#isServed) return callHere(called, args, this.#loaded, signalOf(options));
    return this.#callerFor(called).result(called, args, options);
  }

  async *#streamed(
    called: DefinedFunction,
    args: readonly unknown[],
    options: RemoteCallOptions,
  ): AsyncGenerator<unknown, unknown, undefined> {
    if (!this.#isServed) return yield* this.#callerFor(called).stream(called, args, options);
    const values = callHere(called, args, this.#loaded, signalOf(options));
    return yield* values as AsyncGenerator<unknown, unknown, undefined>;
  }

  #callerFor({ name }: DefinedFunction): Caller {
    const { loading } = deploymentRegistry;
    if (loading !== undefined) {
      throw new TsworkerError(
        "CONFIG_INVALID",
        `${name} was called while ${loading} loads the deployment's file: call it from another file, or from another function`,
      );
    }
    this.#caller ??= new Caller(this.endpointName, {});
    return this.#caller;
  }
}

/** The options of a function with arguments of any type. */
type GivenOptions = RemoteOptions<readonly unknown[]> & { readonly context?: Contexts | undefined };

const invalid = (message: string): TsworkerError => new TsworkerError("CONFIG_INVALID", message);

const signalOf = ({ signal }: RemoteCallOptions): AbortSignal => signal ?? new AbortController().signal;

const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 1;

const OPTIONS = ["name", "benchmark", "benchmarkRuns", "workload", "concurrency", "maxQueueTime"];

function functionErrors(
  options: RemoteOptions<readonly unknown[]>,
  contexts: Contexts | undefined,
): string[] {
  const { benchmark, benchmarkRuns, workload, concurrency = 1, maxQueueTime = 30 } = options;
  const errors: string[] = [];
  const isList = Array.isArray(benchmark) && benchmark.length > 0 && benchmark.every(Array.isArray);
  if (benchmark !== undefined && typeof benchmark !== "function" && !isList) {
    errors.push(
      "benchmark: expected a list of lists of arguments, such as [[2]], or a function that makes one",
    );
  }
  if (benchmarkRuns !== undefined && !isCount(benchmarkRuns)) {
    errors.push(`benchmarkRuns: expected an integer of at least 1, got ${benchmarkRuns}`);
  }
  if (concurrency !== null && !isCount(concurrency)) {
    errors.push(`concurrency: expected an integer of at least 1, or null, got ${concurrency}`);
  }
  if (maxQueueTime !== null && !(maxQueueTime >= 0)) {
    errors.push(`maxQueueTime: expected seconds, or null, got ${maxQueueTime}`);
  }
  if (workload !== undefined && typeof workload !== "function") errors.push("workload: expected a function");
  for (const [name, context] of Object.entries(contexts ?? {})) {
    if (name === "signal") errors.push("context: signal is the signal of the call: choose another name");
    if (typeof context?.load !== "function") errors.push(`context.${name}: expected a deployment.context(…)`);
  }
  for (const key of Object.keys(options)) {
    if (!OPTIONS.includes(key)) errors.push(`${key}: there is no such option`);
  }
  return errors;
}

/**
 * Defines a deployment: functions that run on workers and are called like local ones.
 *
 * @throws {TsworkerError} `CONFIG_INVALID`, listing every invalid option.
 *
 * @example
 * ```ts
 * import { defineDeployment } from "tsworker/deployment";
 *
 * export const deployment = defineDeployment({ name: "square", scaling: { max_workers: 4 } });
 *
 * export const square = deployment.remote(async function square(x: number) {
 *   return x * x;
 * }, { benchmark: [[2]] });
 * ```
 */
export function defineDeployment(options: DeploymentOptions): Deployment {
  return new Deployment(options);
}
