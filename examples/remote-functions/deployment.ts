import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { defineDeployment } from "tsworker/deployment";

// Callers import this file, too: a call of these functions goes through the engine to a worker that runs it.
export const deployment = defineDeployment({ name: "remote-functions", scaling: { max_workers: 2 } });

/** Loaded once per worker, before it is ready: a model, for example. */
const words = deployment.context(() => new Set(["a", "an", "and", "in", "is", "of", "or", "the", "to"]));

export const square = deployment.remote(
  async function square(x: number) {
    if (!Number.isFinite(x)) throw new RangeError(`expected a finite number, got ${x}`);
    return x * x;
  },
  { benchmark: [[2]], workload: () => 1 },
);

/** How often each word occurs, without filler words. */
export const wordCounts = deployment.remote(
  async function wordCounts({ words }, text: string) {
    const counts = new Map<string, number>();
    for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
      if (!words.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    return counts;
  },
  { context: { words }, workload: () => 1 },
);

/** A chain of hashes, each as soon as it is there. It ends when its caller leaves. */
export const chain = deployment.remote(
  async function* chain(bytes: Uint8Array, length: number) {
    let last = bytes;
    for (let step = 1; step <= length; step += 1) {
      last = new Uint8Array(createHash("sha256").update(last).digest());
      yield { step, hash: last, at: new Date() };
      await nextTurn();
    }
  },
  { concurrency: null, workload: (_, length) => length },
);
