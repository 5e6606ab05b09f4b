/** How many workers this process has made and begun to run, by all copies of this package in it. */
interface WorkerCount {
  made: number;
  begun: number;
}

const KEY = Symbol.for("tsworker.workers");

const shared = globalThis as { [KEY]?: WorkerCount };

shared[KEY] ??= { made: 0, begun: 0 };

/** For `tsworker run`, which says so when a program makes a worker and never runs it. */
export const workerCount: WorkerCount = shared[KEY];
