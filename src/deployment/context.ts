/**
 * An object that every worker of a deployment loads once, before it is ready, such as a model. Made by
 * {@link Deployment.context}, and handed to the functions that name it.
 */
export interface Context<Value> {
  /** Loads the value. The signal aborts when the worker stops meanwhile. */
  readonly load: (signal: AbortSignal) => Value | Promise<Value>;
  /** Releases the value when the worker stops. */
  readonly dispose: (value: Value) => unknown;
}

/** Contexts by the name under which a function gets their values. */
// biome-ignore lint/suspicious/noExplicitAny: a context of any value; `dispose` takes what `load` made
export type Contexts = Readonly<Record<string, Context<any>>>;

/** What a function with contexts gets as its first argument. */
export type ContextValues<Given extends Contexts> = {
  readonly [Name in keyof Given]: Given[Name] extends Context<infer Value> ? Value : never;
} & {
  /** Aborts when the caller has left, or the call ended for another reason. */
  readonly signal: AbortSignal;
};

interface Disposable {
  readonly [Symbol.asyncDispose]?: () => unknown;
  readonly [Symbol.dispose]?: () => unknown;
}

/** Disposes a value by its own `Symbol.asyncDispose` or `Symbol.dispose`, if it has one. */
export function disposeOwn(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  const { [Symbol.asyncDispose]: disposeAsync, [Symbol.dispose]: dispose }: Disposable = value;
  return (disposeAsync ?? dispose)?.call(value);
}

/** The values of the contexts of a worker. */
export class LoadedContexts {
  readonly #values = new Map<Context<unknown>, unknown>();

  /**
   * Loads those that are not loaded yet, concurrently.
   *
   * @throws what the first failing `load` throws, when all have ended.
   */
  async load(contexts: Iterable<Context<unknown>>, signal: AbortSignal): Promise<void> {
    const missing = [...new Set(contexts)].filter((context) => !this.#values.has(context));
    const results = await Promise.allSettled(
      missing.map(async (context) => {
        this.#values.set(context, await context.load(signal));
      }),
    );
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  /** The values of a function's contexts. @throws when one is not loaded. */
  valuesOf(contexts: Contexts): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(contexts).map(([name, context]) => {
        if (!this.#values.has(context)) throw new Error(`the context ${name} is not loaded`);
        return [name, this.#values.get(context)];
      }),
    );
  }

  /** Disposes all values, the last loaded first. @throws AggregateError when some could not be disposed. */
  async dispose(): Promise<void> {
    const loaded = [...this.#values].reverse();
    this.#values.clear();
    const errors: unknown[] = [];
    for (const [context, value] of loaded) {
      try {
        await context.dispose(value);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, "contexts could not be disposed");
  }
}
