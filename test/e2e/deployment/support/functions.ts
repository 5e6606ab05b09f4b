import { appendFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { defineDeployment } from "tsworker/deployment";

/** File that a worker writes what happens in it to, a line each. */
const { DIARY = "" } = process.env;
const note = (line: string): void => {
  if (DIARY !== "") appendFileSync(DIARY, `${line}\n`);
};

export const deployment = defineDeployment({ name: "endpoint" });

class Counter {
  calls = 0;
}

const counter = deployment.context(
  () => {
    note("load counter");
    return new Counter();
  },
  ({ calls }) => note(`dispose counter after ${calls}`),
);
const own = deployment.context(() => ({ [Symbol.asyncDispose]: async () => note("dispose own") }));

export const square = deployment.remote(
  async function square(x: number) {
    return x * x;
  },
  { benchmark: [[2]], benchmarkRuns: 1, workload: (x) => Math.abs(x) },
);

/** What it gets and where it runs. */
export const echo = deployment.remote(async (value: unknown) => ({ value, pid: process.pid }), {
  name: "echo",
  concurrency: null,
});

export const count = deployment.remote(
  async function count(context, step: number) {
    context.counter.calls += step;
    return [context.counter.calls, Object.keys(context.own).length, context.signal.aborted] as const;
  },
  { context: { counter, own } },
);

export const numbers = deployment.remote(
  async function* numbers({ signal }, last: number, failsAt = 0) {
    try {
      for (let number = 1; number <= last; number += 1) {
        if (number === failsAt) throw new RangeError(`no ${number}`);
        yield { number, at: new Date(number) };
        // Only a caller that leaves ends it.
        if (last === Number.POSITIVE_INFINITY) await pause(5, undefined, { signal });
      }
      return "done";
    } finally {
      note(`numbers ended, aborted: ${signal.aborted}`);
    }
  },
  { context: {}, concurrency: null },
);

/** Calls another one, on the same worker. */
export const cube = deployment.remote(async function cube(x: number) {
  return { result: x * (await square(x)), pid: process.pid, squarePid: (await echo(0)).pid };
});

class Unsendable extends Error {
  readonly code = "E_UNSENDABLE";
}

export const fails = deployment.remote(async function fails(how: "class" | "result" | "text" | "long") {
  if (how === "class") throw new Unsendable("it failed", { cause: new TypeError("because of this") });
  if (how === "text") throw "only a text";
  if (how === "long") throw new Error("x".repeat(1_000_000));
  return { nested: [() => how] };
});
