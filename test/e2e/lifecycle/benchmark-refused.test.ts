import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import type { WorkerProcess } from "../../support/worker-process.js";

const rounds = (worker: WorkerProcess) => worker.lines.filter(({ msg }) => msg === "benchmark round");

const benchmarked = (benchmarkConfig: object) => ({
  handlers: [
    {
      route: "/work",
      allowParallelRequests: true,
      workloadCalculator: "cost" as const,
      benchmarkConfig: { dataset: [{ cost: 50 }], ...benchmarkConfig },
    },
  ],
});

const NO_MODEL = "model `x` does not exist";

for (const [answer, contentType, body] of [
  ["an error object", "application/json", `{"object":"error","message":"${NO_MODEL}","code":404}`],
  ["a stream that begins with an error", "text/event-stream", `data: {"error":{"message":"${NO_MODEL}"}}`],
] as const) {
  test.concurrent(`answers with the status 200 that are ${answer} are no successes`, async ({ cluster }) => {
    const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
    Object.assign(model, { contentType, body });
    const config = benchmarked({ runs: 2, concurrency: 4 });
    const worker = await cluster.worker({ engine, model, capacity: null, config }, "errored");
    await eventually(() =>
      expect(engine.reports.at(-1)).toMatchObject({
        error_msg: `No successful responses from benchmark: /work answered 200 with an error: ${NO_MODEL}`,
        max_perf: 0,
      }),
    );
    await expect(readFile(join(worker.directory, ".has_benchmark"))).rejects.toThrow("ENOENT");
  });
}

test.concurrent("a payload that cannot be made into a body is no success, and the error has the reason", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const { handlers } = benchmarked({ runs: 1, concurrency: 2 });
  const config = { handlers: handlers.map((each) => ({ ...each, generatePayloadJson: "throws" as const })) };
  await cluster.worker({ engine, model, capacity: null, config }, "errored");
  await eventually(() =>
    expect(engine.reports.at(-1)?.error_msg).toBe(
      "No successful responses from benchmark: /work could not be sent: the template is missing",
    ),
  );
});

test.concurrent("answers whose generated text looks like an error are successes", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const text = JSON.stringify({ error: { message: "no" } });
  model.contentType = "text/event-stream";
  model.body = `data: ${JSON.stringify({ choices: [{ text }], error: null })}\n\ndata: [DONE]\n\n`;
  const worker = await cluster.worker({
    engine,
    model,
    capacity: null,
    config: benchmarked({ runs: 1, concurrency: 4 }),
  });
  expect(rounds(worker)).toMatchObject([{ requests: 4, successes: 4 }]);
});

test.concurrent("a failed benchmark quotes the model in one line, without secrets", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  model.status = 401;
  model.contentType = "text/plain";
  model.body = `\u001b[31mrefused\u001b[0m\r\nAuthorization: Bearer secret-of-a-client\n${"x".repeat(5000)}`;
  const config = benchmarked({ runs: 1, concurrency: 2 });
  const worker = await cluster.worker({ engine, model, capacity: null, config }, "errored");
  const said = `refused Authorization: Bearer [redacted] ${"x".repeat(500)}`.slice(0, 200);
  await eventually(() =>
    expect(engine.reports.at(-1)?.error_msg).toBe(
      `No successful responses from benchmark: /work answered 401: ${said}`,
    ),
  );
  expect(worker.text + JSON.stringify(worker.lines)).not.toContain("secret-of-a-client");
});

test.concurrent("a failed benchmark names what became of the connection", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const config = benchmarked({ dataset: [{ cost: 1, fate: "break" }], runs: 1, concurrency: 2 });
  await cluster.worker({ engine, model, capacity: null, config }, "errored");
  await eventually(() =>
    expect(engine.reports.at(-1)?.error_msg).toMatch(
      /^No successful responses from benchmark: \/work: the model /,
    ),
  );
});
