import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { LOADED } from "../../support/logging-model.js";
import type { WorkerProcess } from "../../support/worker-process.js";

const rounds = (worker: WorkerProcess) => worker.lines.filter(({ msg }) => msg === "benchmark round");

const benchmarked = (benchmarkConfig: object, rest: object = {}) => ({
  handlers: [
    {
      route: "/work",
      allowParallelRequests: true,
      workloadCalculator: "cost" as const,
      benchmarkConfig: { dataset: [{ cost: 50 }], ...benchmarkConfig },
      ...rest,
    },
  ],
});

test.concurrent("the model sees one warm-up, then `runs` rounds of `concurrency` requests at once", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  // So long that the requests of a round are at the model together, even if the worker is interrupted.
  model.answerMs = 400;
  const config = benchmarked({ runs: 3, concurrency: 4 });
  const worker = await cluster.worker({ engine, model, capacity: null, config });
  expect(model.payloads).toEqual(Array(1 + 3 * 4).fill({ cost: 50 }));
  expect(model.most).toBe(4);

  // Progress: the warm-up and each round have a line.
  expect(worker.lines.filter(({ msg }) => msg === "benchmark warm-up")).toHaveLength(1);
  expect(rounds(worker)).toMatchObject(
    [1, 2, 3].map((round) => ({ level: 30, round, rounds: 3, requests: 4, successes: 4 })),
  );

  // The best round is the capacity: in the log, in the file, in the reports.
  const best = Math.max(...rounds(worker).map(({ throughput }) => Number(throughput)));
  expect(best).toBeGreaterThan(10);
  // Four at once, each 50 units in 400 ms; timers may be a little early.
  expect(best).toBeLessThanOrEqual(1.1 * 4 * 50 * (1000 / 400));
  expect(await readFile(join(worker.directory, ".has_benchmark"), "utf8")).toBe(String(best));
  await eventually(() => expect(engine.reports.at(-1)?.max_perf).toBe(best));
  expect(engine.reports[0]?.max_perf).toBe(0);

  // A benchmark is no traffic.
  expect(engine.totals).toMatchObject({ newLoad: 0, servedLoad: 0, requestsReceived: 0 });
  expect(engine.ended).toEqual([]);
});

test.concurrent("a serial handler is measured one request at a time, at any concurrency", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  model.answerMs = 20;
  const config = benchmarked({ runs: 2, concurrency: 10 }, { allowParallelRequests: false });
  await cluster.worker({ engine, model, capacity: null, config });
  expect(model.payloads).toHaveLength(1 + 2);
  expect(model.most).toBe(1);
});

test.concurrent("`doWarmup: false` leaves the warm-up out; defaults are 8 rounds of 10", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({
    engine,
    model,
    capacity: null,
    config: benchmarked({ doWarmup: false }),
  });
  expect(model.payloads).toHaveLength(8 * 10);
  expect(worker.lines.filter(({ msg }) => msg === "benchmark warm-up")).toEqual([]);
});

test.concurrent("a second start takes the capacity from `.has_benchmark` and sends nothing", async ({
  cluster,
}) => {
  const [engine, model, directory] = [
    await cluster.engine(),
    await cluster.loadedModel(),
    await cluster.folder(),
  ];
  const config = benchmarked({ runs: 1, concurrency: 2 });
  const first = await cluster.worker({ engine, model, capacity: null, directory, config });
  await first.stop();
  const measured = Number(await readFile(join(directory, ".has_benchmark"), "utf8"));
  expect(measured).toBeGreaterThan(0);
  const sent = model.payloads.length;

  const reported = engine.reports.length;
  const second = await cluster.worker({ engine, model, capacity: null, directory, config });
  await eventually(() => expect(engine.reports.at(-1)?.loadtime).toBeGreaterThan(0));
  expect(engine.reports.at(-1)?.max_perf).toBe(measured);
  expect(engine.reports.length).toBeGreaterThan(reported);
  expect(model.payloads).toHaveLength(sent);
  expect(rounds(second)).toEqual([]);
});

test.concurrent("a `.has_benchmark` that holds no capacity is measured anew", async ({ cluster }) => {
  const [engine, model, directory] = [
    await cluster.engine(),
    await cluster.loadedModel(),
    await cluster.folder(),
  ];
  await writeFile(join(directory, ".has_benchmark"), "-5");
  const config = benchmarked({ runs: 1, concurrency: 1, doWarmup: false });
  await cluster.worker({ engine, model, capacity: null, directory, config });
  expect(model.payloads).toHaveLength(1);
  expect(Number(await readFile(join(directory, ".has_benchmark"), "utf8"))).toBeGreaterThan(0);
});

test.concurrent("only requests that answered 200 count in a round", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  model.refuses = (number) => number === 7;
  const config = benchmarked({ runs: 1, concurrency: 20, doWarmup: false });
  const worker = await cluster.worker({ engine, model, capacity: null, config });
  const [round] = rounds(worker);
  expect(round).toMatchObject({ requests: 20, successes: 19, fault: "/work answered 429" });
  expect(round?.throughput).toBeCloseTo((19 * 50) / Number(round?.seconds));
});

test.concurrent("a round of which more than a tenth is refused is repeated with less concurrency", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  // 5 of the first 8, 1 of the next 4, and none of the last 2.
  model.refuses = (number) => number <= 5 || number === 9;
  const config = benchmarked({ runs: 1, concurrency: 8, doWarmup: false });
  const worker = await cluster.worker({ engine, model, capacity: null, config });
  expect(rounds(worker).map(({ requests }) => requests)).toEqual([8, 4, 2]);
  expect(worker.lines.filter(({ level }) => level === 40)).toMatchObject([
    { requests: 8, successes: 3, fault: "/work answered 429", concurrency: 4 },
    { requests: 4, successes: 3, concurrency: 2 },
  ]);
  const measured = Number(rounds(worker).at(-1)?.throughput);
  expect(Number(await readFile(join(worker.directory, ".has_benchmark"), "utf8"))).toBe(measured);
});

test.concurrent("the tokens that were made count, not those that were requested", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  model.answerMs = 200;
  model.body = '{"choices":[{"text":"cut off"}],"usage":{"prompt_tokens":250,"completion_tokens":200}}';
  const config = benchmarked(
    { dataset: [{ max_tokens: 500 }], runs: 1, concurrency: 2, doWarmup: false },
    { workloadCalculator: "maxTokens" },
  );
  const worker = await cluster.worker({ engine, model, capacity: null, config });
  const [round] = rounds(worker);
  expect(round?.throughput).toBeCloseTo((2 * 200) / Number(round?.seconds));
});

test.concurrent("a kept capacity is measured again when what was measured has changed", async ({
  cluster,
}) => {
  const [engine, model, directory] = [
    await cluster.engine(),
    await cluster.loadedModel(),
    await cluster.folder(),
  ];
  const start = (concurrency: number) =>
    cluster.worker({
      engine,
      model,
      capacity: null,
      directory,
      config: benchmarked({ runs: 1, concurrency: 10, doWarmup: false }, { concurrency }),
    });
  await (await start(4)).stop();
  expect(model.payloads).toHaveLength(4);
  const second = await start(2);
  expect(model.payloads).toHaveLength(4 + 2);
  const why = second.lines.find(({ msg }) => String(msg).startsWith("benchmark is measured again"));
  expect(why?.changed).toEqual(["routes", "concurrency"]);
  await second.stop();
  expect(rounds(await start(2))).toEqual([]);
  expect(model.payloads).toHaveLength(4 + 2);
});

test.concurrent("a benchmark in which everything fails: errored, reported to the engine, until the model can", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  model.status = 500;
  const config = benchmarked({ runs: 3, concurrency: 2 });
  const worker = await cluster.worker({ engine, model, capacity: null, config }, "errored");
  await eventually(() =>
    expect(engine.reports.at(-1)).toMatchObject({
      error_msg: 'No successful responses from benchmark: /work answered 500: {"answer":"yes"}',
      max_perf: 0,
      loadtime: 0,
    }),
  );
  // The first round without success is the last one.
  expect(model.payloads).toHaveLength(1 + 2);
  await expect(readFile(join(worker.directory, ".has_benchmark"))).rejects.toThrow("ENOENT");

  model.status = 200;
  model.say("INFO the model is started again", LOADED);
  await worker.reaches("ready");
  expect(model.payloads).toHaveLength(1 + 2 + 1 + 3 * 2);
  await eventually(() => expect(engine.reports.at(-1)).toMatchObject({ error_msg: "" }));
  expect(engine.reports.at(-1)?.max_perf).toBeGreaterThan(0);
});

test.concurrent("a `remoteFunction` is measured by calling it", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const config = benchmarked({ runs: 1, concurrency: 2 }, { remoteFunction: "echo" });
  const worker = await cluster.worker({ engine, model, capacity: null, config });
  expect(rounds(worker)).toMatchObject([{ successes: 2 }]);
  expect(model.payloads).toEqual([]);
});

test.concurrent("user code that throws during the benchmark: errored, with the stack in the log once", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const oneRound = { runs: 1, concurrency: 2 };
  const failing = await Promise.all(
    [
      { config: benchmarked(oneRound, { remoteFunction: "throws" }), message: "the function failed" },
      {
        config: benchmarked({ ...oneRound, dataset: undefined, generator: "throws" }),
        message: "the generator of payloads failed",
      },
    ].map(async ({ config, message }) => ({
      worker: await cluster.worker({ engine, model, capacity: null, config }, "errored"),
      message,
    })),
  );
  for (const { worker, message } of failing) {
    const withStack = worker.lines.filter((line) => /worker-main\.ts:\d+/.test(JSON.stringify(line)));
    expect(withStack).toHaveLength(1);
    expect(withStack[0]).toMatchObject({ err: { message, stack: expect.stringContaining(message) } });
  }
});
