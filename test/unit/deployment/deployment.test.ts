import { describe, expect, expectTypeOf, test } from "vitest";
import { defineDeployment } from "../../../src/deployment/index.js";

const one = async (x: number): Promise<number> => x;

describe("a deployment's options", () => {
  test.each([
    [{ name: "" }, "name: expected 1 to 64 letters"],
    [
      { name: "a b" },
      'name: expected 1 to 64 letters, digits, _, - and . that do not begin with - or ., got "a b"',
    ],
    [{ name: "a", tag: "/" }, "tag: expected"],
    [{ name: "a", scaling: { max_workres: 1 } }, "scaling: expected some of min_load, "],
    [{ name: "a", scaling: { max_workers: "1" } }, 'scaling.max_workers: expected a number, got "1"'],
    [{ name: "a", env: { "A-B": "x" } }, 'env: expected names of variables, got "A-B"'],
    [{ name: "a", env: { A: 1 } }, "env.A: expected a text, got 1"],
    [{ name: "a", secrets: "TOKEN" }, "secrets: expected a list"],
    [{ name: "a", secrets: ["A"], env: { A: "x" } }, "secrets: A is in env, too"],
    [{ name: "a", images: "x" }, "images: there is no such option"],
  ])("%j", (options, message) => {
    expect(() => defineDeployment(options as never)).toThrow(message);
  });

  test("all errors are listed at once", () => {
    expect(() => defineDeployment({ name: "", tag: "", storage: 0 })).toThrow("the deployment has 3 errors");
  });
});

describe("a function's options", () => {
  const deployment = defineDeployment({ name: "a" });
  deployment.remote(one, { name: "taken" });
  test.each([
    [async () => 1, {}, "it has no name: write async function square"],
    [one, { name: "taken" }, "the deployment has a function taken already"],
    [one, { name: "a/b" }, "name: expected letters"],
    [function* one() {}, {}, "expected an async generator (async function*), got a generator"],
    ["text", {}, "deployment.remote: expected a function, got string"],
    [one, { benchmark: [2] }, "benchmark: expected a list of lists of arguments"],
    [one, { benchmark: [] }, "benchmark: expected a list of lists of arguments"],
    [one, { concurrency: 0 }, "concurrency: expected an integer of at least 1, or null, got 0"],
    [one, { workload: 5 }, "workload: expected a function"],
    [one, { context: { signal: {} } }, "context: signal is the signal of the call"],
    [one, { context: { model: {} } }, "context.model: expected a deployment.context"],
    [one, { benchmarks: [[1]] }, "benchmarks: there is no such option"],
  ])("%o %j", (body, options, message) => {
    expect(() => deployment.remote(body as never, options as never)).toThrow(message);
  });
});

test("a worker needs exactly one benchmark", () => {
  const deployment = defineDeployment({ name: "a" });
  expect(() => deployment.workerConfig()).toThrow("the deployment a has no functions");
  deployment.remote(one, { name: "first" });
  deployment.remote(one, { name: "second" });
  expect(() => deployment.workerConfig()).toThrow(
    "the deployment a has no benchmark: give one of its functions (first, second) { benchmark: [[…arguments]] }",
  );
  deployment.remote(one, { name: "third", benchmark: [[1]] });
  deployment.remote(one, { name: "fourth", benchmark: () => [1] });
  expect(() => deployment.workerConfig()).toThrow("has several benchmarks (third, fourth)");
});

test("a process that has the worker's configuration calls in place", async () => {
  const deployment = defineDeployment({ name: "a" });
  const tens = deployment.context(() => 10);
  const times = deployment.remote(
    async function times({ tens }, x: number) {
      return tens * x;
    },
    { context: { tens }, benchmark: [[1]] },
  );
  const { lifecycle } = deployment.workerConfig();
  await expect(times(2)).rejects.toThrow("the context tens is not loaded");
  await lifecycle?.start?.(new AbortController().signal);
  expect(await times(2)).toBe(20);
});

test("a context that fails to load is tried again, and the others are not", async () => {
  const deployment = defineDeployment({ name: "a" });
  const loads: string[] = [];
  const good = deployment.context(() => loads.push("good"));
  const bad = deployment.context(() => {
    loads.push("bad");
    if (loads.filter((each) => each === "bad").length === 1) throw new Error("not yet");
  });
  deployment.remote(async function first() {}, { context: { good, bad }, benchmark: [[]] });
  const { lifecycle } = deployment.workerConfig();
  const { signal } = new AbortController();
  await expect(lifecycle?.start?.(signal)).rejects.toThrow("not yet");
  await lifecycle?.start?.(signal);
  expect(loads).toEqual(["good", "bad", "bad"]);
});

test("types go from the function to its caller", () => {
  const deployment = defineDeployment({ name: "a" });
  const model = deployment.context(async () => ({ size: 1 }));
  const add = deployment.remote(
    async function add(x: number, y?: string) {
      return { x, y };
    },
    { benchmark: [[1, "a"]], workload: (x) => x },
  );
  expectTypeOf(add).parameters.toEqualTypeOf<[x: number, y?: string | undefined]>();
  expectTypeOf(add).returns.toEqualTypeOf<Promise<{ x: number; y: string | undefined }>>();
  expectTypeOf(add.with({})).parameters.toEqualTypeOf<[x: number, y?: string | undefined]>();
  const plain = deployment.remote(function plain() {
    return new Map<string, Date>();
  });
  expectTypeOf(plain).returns.toEqualTypeOf<Promise<Map<string, Date>>>();
  const withModel = deployment.remote(
    async function withModel({ model, signal }, text: string) {
      expectTypeOf(model).toEqualTypeOf<{ size: number }>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      return model.size + text.length;
    },
    { context: { model } },
  );
  expectTypeOf(withModel).parameters.toEqualTypeOf<[text: string]>();
  const stream = deployment.remote(async function* stream(x: number) {
    yield x;
    return "end";
  });
  expectTypeOf(stream).returns.toEqualTypeOf<AsyncGenerator<number, string, undefined>>();
  // @ts-expect-error an argument of another type
  void (() => add("x"));
  // @ts-expect-error a benchmark with arguments of another type
  expect(() => deployment.remote(one, { name: "typed", benchmark: [["x"]] })).not.toThrow();
});
