import { expect } from "vitest";
import { ask } from "../../support/client.js";
import { type ClusterWorkerOptions, test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { LOADED, LoggingModel } from "../../support/logging-model.js";
import type { WorkerProcess } from "../../support/worker-process.js";

const NOT_LISTENING = "the model does not listen yet, trying again";
const unlogged = { modelLogFile: undefined, logActionConfig: undefined };

/** The worker's log line about a model that is late, and what the model does at last. */
interface Late {
  readonly config: NonNullable<ClusterWorkerOptions["config"]>;
  readonly awaited: (model: LoggingModel) => string;
  readonly loads: (model: LoggingModel, worker: WorkerProcess) => void;
}

const LATE: Readonly<Record<string, Late>> = {
  "a line of the log": {
    config: {},
    awaited: ({ logFile }) => `a line with "${LOADED}" in ${logFile}`,
    loads: (model) => model.say(LOADED),
  },
  "the health URL": {
    config: { ...unlogged, modelHealthcheckUrl: "/health" },
    awaited: ({ url }) => `${url}/health to answer 200`,
    loads: (model) => {
      model.health = 200;
    },
  },
  either: {
    config: { readiness: "either", modelHealthcheckUrl: "/health" },
    awaited: ({ logFile, url }) => `a line with "${LOADED}" in ${logFile}, or ${url}/health to answer 200`,
    loads: (model) => {
      model.health = 200;
    },
  },
  "the user's start": {
    config: { ...unlogged, lifecycle: "untilSignalled" },
    awaited: () => "lifecycle.start to end",
    loads: (_model, worker) => void worker.child.kill("SIGUSR2"),
  },
};

for (const [what, { config, awaited, loads }] of Object.entries(LATE)) {
  test.concurrent(`after \`startTimeout\` the error names what was waited for (${what}), as the log did from the start, and what comes later counts`, async ({
    cluster,
  }) => {
    const [engine, model] = [await cluster.engine(), await cluster.model()];
    model.health = 503;
    const options = { engine, model, config: { ...config, startTimeout: 5 }, capacity: null };
    const worker = await cluster.worker(options, "errored");
    expect(worker.lines).toContainEqual(
      expect.objectContaining({ state: "loading", waitsFor: awaited(model) }),
    );
    const message = `the model did not load within 5 s: waited for ${awaited(model)}`;
    expect(worker.lines.filter(({ state }) => state === "errored")).toMatchObject([{ fault: message }]);
    await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(message));
    expect(await ask(engine, worker, { cost: 1 }).answer).toMatchObject({ status: 503 });

    loads(model, worker);
    await worker.reaches("ready");
    await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(""));
    expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
  });
}

/** A model whose log has the line of readiness, and which listens when the test starts that. */
async function unlistening(logFile: string) {
  const port = await freePort();
  const model = new LoggingModel(logFile);
  model.say(LOADED);
  return {
    model,
    origin: `http://127.0.0.1:${port}`,
    listens: async () => {
      await model.start(port);
    },
  };
}

for (const [what, capacity] of [
  ["the benchmark waits", null],
  ["a worker whose capacity is known waits, too", 1000],
] as const) {
  test.concurrent(`a model that has loaded before it listens: ${what}, logged once`, async ({ cluster }) => {
    const engine = await cluster.engine();
    const { model, origin, listens } = await unlistening(`${await cluster.folder()}/model.log`);
    const config = { modelServerUrl: origin };
    const worker = await cluster.worker({ engine, model, config, capacity }, "benchmarking");
    const said = () => worker.lines.filter(({ msg }) => msg === NOT_LISTENING);
    await eventually(() => expect(said()).toMatchObject([{ model: origin }]));
    expect(worker.states).toEqual(["loading", "benchmarking"]);

    await listens();
    await worker.reaches("ready");
    expect(said()).toHaveLength(1);
    expect(model.payloads).toHaveLength(capacity === null ? 2 : 0);
    expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
    await model.stop();
  });
}

test.concurrent("a model that never listens: errored after `startTimeout`, with its address, until its log shows once more that it has loaded", async ({
  cluster,
}) => {
  const engine = await cluster.engine();
  const { model, origin, listens } = await unlistening(`${await cluster.folder()}/model.log`);
  const config = { modelServerUrl: origin, startTimeout: 5 };
  const worker = await cluster.worker({ engine, model, config, capacity: null }, "errored");
  const message = `the model at ${origin} did not accept a connection within 5 s`;
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(message));

  await listens();
  model.say(LOADED);
  await worker.reaches("ready");
  await eventually(() => expect(engine.reports.at(-1)?.error_msg).toBe(""));
  await model.stop();
});
