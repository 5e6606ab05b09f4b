/** The workers of this process, over all copies of this package in it. */
interface WorkerRegistry {
  /** Number of `Worker` objects. */
  made: number;
  /** Number of those that were started. */
  begun: number;
  /** Those that `defineWorker` made. Absent if an older copy of this package was loaded first. */
  defined?: WeakSet<object>;
}

const KEY = Symbol.for("tsworker.workers");

const shared = globalThis as { [KEY]?: WorkerRegistry };

shared[KEY] ??= { made: 0, begun: 0 };

/** `tsworker run` starts a defined worker that is exported, and reports a program that starts none of its workers. */
export const workerRegistry: WorkerRegistry = shared[KEY];

export function registerDefined(worker: object): void {
  workerRegistry.defined ??= new WeakSet();
  workerRegistry.defined.add(worker);
}

/** A worker of any copy of this package. */
interface AnyWorker {
  readonly state: string;
  run(): Promise<void>;
}

/** Whether `defineWorker` made this value. */
export const isDefined = (value: unknown): value is AnyWorker =>
  typeof value === "object" && value !== null && workerRegistry.defined?.has(value) === true;
