import type { HandlerConfig, WorkerConfig } from "../index.js";
import { PayloadError } from "../shared/errors.js";
import type { LoadedContexts } from "./context.js";
import { argumentsOf, outcomeText, thrownText } from "./outcome.js";
import { sentError } from "./remote-error.js";
import type { DefinedFunction } from "./remote-function.js";

/** A call as a worker's handler receives it. */
interface ReceivedCall {
  readonly args: readonly unknown[];
  /** A failure of the benchmark is the worker's, and not sent to a caller. */
  readonly isBenchmark?: true;
}

/** The route of a function. */
export const routeOf = (name: string): string => `/remote/${name}`;

/** Calls a function in this process. */
export function callHere(
  { body, contexts }: DefinedFunction,
  args: readonly unknown[],
  loaded: LoadedContexts,
  signal: AbortSignal,
): unknown {
  return contexts === undefined ? body(...args) : body({ ...loaded.valuesOf(contexts), signal }, ...args);
}

/** The configuration of a worker that serves these functions. */
export function workerConfigOf(functions: readonly DefinedFunction[], loaded: LoadedContexts): WorkerConfig {
  const contexts = functions.flatMap((each) => Object.values(each.contexts ?? {}));
  return {
    handlers: functions.map((each) => handlerOf(each, loaded)),
    lifecycle: {
      start: (signal) => loaded.load(contexts, signal),
      stop: () => loaded.dispose(),
    },
  };
}

function handlerOf(each: DefinedFunction, loaded: LoadedContexts): HandlerConfig {
  const { name, isGenerator, options, body } = each;
  const { benchmark, benchmarkRuns, workload, concurrency = 1, maxQueueTime } = options;
  const call = ({ args }: ReceivedCall, signal: AbortSignal): unknown => callHere(each, args, loaded, signal);
  const remoteFunction = isGenerator
    ? (payload: unknown, signal: AbortSignal) => streamed(name, payload as ReceivedCall, signal, call)
    : (payload: unknown, signal: AbortSignal) => returned(name, payload as ReceivedCall, signal, call);
  // The benchmark is repeated when the function has changed, which its source text shows.
  remoteFunction.toString = () => body.toString();
  return {
    route: routeOf(name),
    ...(concurrency === null ? { allowParallelRequests: true } : { concurrency }),
    ...(maxQueueTime !== undefined && { maxQueueTime }),
    requestParser: (payload) => ({ args: receivedArguments(payload) }),
    remoteFunction,
    ...(workload && { workloadCalculator: ({ args }) => workload(...(args as readonly unknown[])) }),
    ...(benchmark && {
      benchmarkConfig: {
        ...(typeof benchmark === "function"
          ? { generator: () => ({ args: benchmark(), isBenchmark: true }) }
          : { dataset: benchmark.map((args) => ({ args, isBenchmark: true })) }),
        ...(benchmarkRuns !== undefined && { runs: benchmarkRuns }),
        concurrency: concurrency ?? BENCHMARK_CONCURRENCY,
      },
    }),
  };
}

/** Concurrent calls of the benchmark of a function without a limit. */
const BENCHMARK_CONCURRENCY = 10;

function receivedArguments(payload: Readonly<Record<string, unknown>>): readonly unknown[] {
  try {
    return argumentsOf(payload);
  } catch (error) {
    throw new PayloadError({ args: error instanceof Error ? error.message : String(error) });
  }
}

type Call = (received: ReceivedCall, signal: AbortSignal) => unknown;

async function returned(
  name: string,
  received: ReceivedCall,
  signal: AbortSignal,
  call: Call,
): Promise<string> {
  try {
    return outcomeText(name, "return", await call(received, signal));
  } catch (error) {
    if (received.isBenchmark) throw error;
    if (!signal.aborted) logThrown(name, error);
    return thrownText(error);
  }
}

async function* streamed(
  name: string,
  received: ReceivedCall,
  signal: AbortSignal,
  call: Call,
): AsyncGenerator<string, void> {
  try {
    const values = call(received, signal) as AsyncGenerator<unknown, unknown, undefined>;
    try {
      let next = await values.next();
      while (next.done !== true) {
        yield outcomeText(name, "yield", next.value);
        next = await values.next();
      }
      yield outcomeText(name, "return", next.value);
    } finally {
      // No effect on one that has ended.
      await values.return(undefined);
    }
  } catch (error) {
    if (received.isBenchmark) throw error;
    if (signal.aborted) return;
    logThrown(name, error);
    yield thrownText(error);
  }
}

/** Characters of a message that are printed. */
const MAX_LOGGED = 1000;

/** The caller gets the error; the operator of the worker sees it here. */
function logThrown(name: string, error: unknown): void {
  const { name: kind, message, stack } = sentError(error);
  console.error(`the remote function ${name} threw ${kind}: ${message.slice(0, MAX_LOGGED)}`);
  // The first line of a stack repeats the message.
  console.error(
    stack
      .split("\n")
      .filter((line) => /^\s+at /.test(line))
      .join("\n"),
  );
}
