import { once } from "node:events";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Engine } from "../../../src/engine/index.js";
import { ask } from "../../support/client.js";
import { test, WORK } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { RawClient } from "../../support/http-client.js";
import { LOADED } from "../../support/logging-model.js";
import type { WorkerProcess } from "../../support/worker-process.js";

/**
 * Milliseconds by the worker's own clock, for what is done at once. Whatever it could wait for instead takes longer: the
 * requests, for ever or the 30 s of `drainTimeout`.
 */
const AT_ONCE = 25_000;

/** Sends a signal. @returns how the process ended, and how long the worker took by its own clock. */
async function ended(worker: WorkerProcess, signal?: NodeJS.Signals) {
  if (signal !== undefined) worker.child.kill(signal);
  await eventually(() => worker.child.exitCode !== null && worker.child.stdout?.readableEnded === true, {
    timeoutMs: 90_000,
  });
  const at = (state: string): number =>
    Date.parse(String(worker.lines.find((line) => line.msg === "state" && line.state === state)?.time));
  return { code: worker.child.exitCode, ms: at("stopped") - at("draining") };
}

/** How each request ended, as reported to the engine. */
const outcomes = (engine: Engine) =>
  Object.fromEntries(engine.ended.map(({ request_idx, status }) => [request_idx, status]));

test.concurrent("SIGTERM: what runs and waits is finished, what comes is refused, all is reported, exit code 0", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  const admitted = [1, 2, 4].map((cost) => ask(engine, worker, { cost, fate: "hold" }));
  await eventually(() => expect(engine.reports.at(-1)?.cur_load).toBe(7));

  worker.child.kill("SIGTERM");
  await worker.reaches("draining");
  const late = ask(engine, worker, { cost: 8 });
  const refused = await late.answer;
  expect(refused).toMatchObject({ status: 503, body: { error: expect.any(String) } });
  expect(refused.retryAfter).toBeGreaterThan(0);

  for (const _ of admitted) {
    await eventually(() => expect(model.held).toBe(1));
    model.release();
  }
  for (const { answer } of admitted) expect((await answer).status).toBe(200);
  expect(await ended(worker)).toMatchObject({ code: 0 });
  expect(engine.totals).toMatchObject({ newLoad: 7, servedLoad: 7, rejectedLoad: 8, requestsReceived: 4 });
  expect(engine.reports.at(-1)).toMatchObject({ cur_load: 0, working_request_idxs: [] });
  expect(outcomes(engine)).toEqual({
    ...Object.fromEntries(admitted.map(({ authData }) => [authData.request_idx, "Success"])),
    [late.authData.request_idx]: "Rejected",
  });
});

test.concurrent("a refusal of a draining worker ends its connection, so that no later request meets the end of the worker", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  const held = ask(engine, worker, { cost: 1, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));
  const client = await RawClient.connect(worker.url);
  const body = JSON.stringify({ auth_data: engine.authData({ url: worker.url }), payload: { cost: 1 } });
  const request = `POST /work HTTP/1.1\r\nhost: worker\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  worker.child.kill("SIGTERM");
  await worker.reaches("draining");
  client.send(request);
  await client.isClosed();
  expect(client.received).toMatch(/^HTTP\/1\.1 503 .*\r\nconnection: close\r\n.*the worker is draining"}$/is);
  model.release();
  expect((await held.answer).status).toBe(200);
});

test.concurrent("clients that continue to send requests are answered until their connections are closed: none is reset", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  const body = JSON.stringify({ auth_data: engine.authData({ url: worker.url }), payload: { cost: 0 } });
  const post = `POST /work HTTP/1.1\r\nhost: worker\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(worker.url)));
  const answers = (received: string): readonly string[] => received.match(/HTTP\/1\.1 \d+/g) ?? [];
  // Each sends its next request as soon as it was answered.
  const sent = clients.map((client) => {
    let count = 0;
    const next = (): void => {
      if (client.closed || answers(client.received).length < count) return;
      count++;
      client.send(post);
    };
    client.socket.on("data", next);
    next();
    return () => count;
  });
  await eventually(() => expect(Math.min(...sent.map((count) => count()))).toBeGreaterThan(1));
  worker.child.kill("SIGTERM");
  for (const client of clients) await client.isClosed();
  for (const client of clients) expect(answers(client.received).at(-1)).toBe("HTTP/1.1 503");
  expect(await ended(worker)).toMatchObject({ code: 0 });
});

test.concurrent("the public port closes before the last reports, which hold whatever was refused there", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  await engine.outage({ kind: "refuse" });
  const idle = await RawClient.connect(worker.url);
  worker.child.kill("SIGTERM");
  await worker.reaches("draining");
  await idle.isClosed();
  await expect(RawClient.connect(worker.url)).rejects.toThrow("ECONNREFUSED");
  // Probes are answered to the end.
  const probe = await fetch(`${worker.localUrl}/readyz`);
  expect({ status: probe.status, body: await probe.json() }).toEqual({
    status: 503,
    body: { state: "draining" },
  });
  await engine.recover();
  expect(await ended(worker)).toMatchObject({ code: 0 });
});

test.concurrent("SIGINT does the same; an idle worker ends at once", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  const { code, ms } = await ended(worker, "SIGINT");
  expect(code).toBe(0);
  expect(ms).toBeLessThan(AT_ONCE);
  expect(worker.states.slice(-2)).toEqual(["draining", "stopped"]);
});

test.concurrent("a worker whose model loads, or is being measured, or failed, ends at once", async ({
  cluster,
}) => {
  const engine = await cluster.engine();
  const models = [await cluster.model(), await cluster.model(), await cluster.model()] as const;
  const [loading, benchmarking, errored] = await Promise.all(
    models.map((model) => cluster.worker({ engine, model, capacity: null }, "loading")),
  );
  if (!loading || !benchmarking || !errored) throw new Error("expected three workers");
  models[1].answerMs = 60_000;
  models[1].say(LOADED);
  models[2].say("CUDA error");
  await eventually(() => expect(models[1].open).toBe(1));
  await errored.reaches("errored");
  for (const worker of [loading, benchmarking, errored]) {
    const { code, ms } = await ended(worker, "SIGTERM");
    expect(code).toBe(0);
    expect(ms).toBeLessThan(AT_ONCE);
  }
  await eventually(() => expect(models[1].open).toBe(0));
});

for (const maker of ["the model", "a remoteFunction"] as const) {
  test.concurrent(`an answer of ${maker} that a slow client is still taking is finished`, async ({
    cluster,
    onTestFinished,
  }) => {
    const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
    const handlers = [maker === "the model" ? WORK : ({ ...WORK, remoteFunction: "echo" } as const)];
    const worker = await cluster.worker({ engine, model, config: { handlers } });
    // More than the sockets' buffers hold.
    const payload = { cost: 1, text: "x".repeat(32 * 2 ** 20) };
    const expected = JSON.stringify({ result: payload });
    model.body = expected;
    const sent = request(`${worker.url}/work`, { method: "POST", agent: false });
    onTestFinished(() => void sent.destroy());
    sent.end(JSON.stringify({ auth_data: engine.authData({ url: worker.url }), payload }));
    const [response] = await once(sent, "response");
    response.pause();

    worker.child.kill("SIGTERM");
    await eventually(() => expect(worker.states).toContain("draining"));
    let length = 0;
    for await (const piece of response) length += piece.length;
    expect(length).toBe(expected.length);
    expect(await ended(worker)).toMatchObject({ code: 0 });
    expect(engine.totals).toMatchObject({ newLoad: 1, servedLoad: 1, ended: { Success: 1 } });
  });
}

test.concurrent("a second signal ends it at once; the client gets the reason, or sees the connection break", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  const held = ask(engine, worker, { cost: 1, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));
  worker.child.kill("SIGTERM");
  await worker.reaches("draining");
  const { ms } = await ended(worker, "SIGTERM");
  expect(ms).toBeLessThan(AT_ONCE);
  expect(worker.child.signalCode).toBeNull();
  const status = await held.answer.then(
    (answered) => answered.status,
    () => "broken",
  );
  expect([503, "broken"]).toContain(status);
  await eventually(() => expect(model.held).toBe(0));
});

test.concurrent("after `drainTimeout` what is left ends with an error, for the client and in the reports", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model, config: { drainTimeout: 0.5 } });
  const left = [1, 2].map((cost) => ask(engine, worker, { cost, fate: "hold" }));
  await eventually(() => expect(engine.reports.at(-1)?.cur_load).toBe(3));
  const { code, ms } = await ended(worker, "SIGTERM");
  expect(code).toBe(0);
  expect(ms).toBeGreaterThan(450);
  expect(ms).toBeLessThan(AT_ONCE);
  for (const { answer } of left) {
    expect(await answer).toMatchObject({ status: 503, body: { error: expect.any(String) } });
  }
  await eventually(() => expect(model.abandoned).toBe(1));
  expect(outcomes(engine)).toEqual(
    Object.fromEntries(left.map(({ authData }) => [authData.request_idx, "Error"])),
  );
  expect(engine.totals).toMatchObject({ newLoad: 3, servedLoad: 0, rejectedLoad: 0 });
  expect(engine.reports.at(-1)).toMatchObject({ cur_load: 0, working_request_idxs: [] });
});

test.concurrent("an engine that is not there does not keep the worker from ending", async ({ cluster }) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  await engine.outage({ kind: "refuse" });
  expect((await ask(engine, worker, { cost: 1 }).answer).status).toBe(200);
  const { code, ms } = await ended(worker, "SIGTERM");
  expect(code).toBe(0);
  // The last reports have some seconds, and would otherwise be tried for ever.
  expect(ms).toBeLessThan(40_000);
});

test.concurrent("reports that failed before the signal are delivered when the engine is back in time", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  await engine.outage({ kind: "status", status: 503 });
  const served = ask(engine, worker, { cost: 5 });
  expect((await served.answer).status).toBe(200);
  await eventually(() => expect(engine.refused).toBeGreaterThanOrEqual(2));
  worker.child.kill("SIGTERM");
  await worker.reaches("draining");
  await engine.recover();
  expect(await ended(worker)).toMatchObject({ code: 0 });
  expect(engine.totals).toMatchObject({ newLoad: 5, servedLoad: 5 });
  expect(outcomes(engine)).toEqual({ [served.authData.request_idx]: "Success" });
});

test.concurrent("an engine that is unreachable for the first seconds of the drain receives everything when it is back", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  const worker = await cluster.worker({ engine, model });
  const served = ask(engine, worker, { cost: 2 });
  const held = ask(engine, worker, { cost: 5, fate: "hold" });
  expect((await served.answer).status).toBe(200);
  await eventually(() => expect(model.held).toBe(1));
  await engine.outage({ kind: "refuse" });
  worker.child.kill("SIGTERM");
  await worker.reaches("draining");
  model.release();
  expect((await held.answer).status).toBe(200);
  await sleep(3000);
  expect(worker.states.at(-1)).toBe("draining");
  await engine.recover();
  expect(await ended(worker)).toMatchObject({ code: 0 });
  expect(engine.totals).toMatchObject({ newLoad: 7, servedLoad: 7, requestsReceived: 2 });
  expect([...engine.totals.endedTimes.values()]).toEqual([1, 1]);
  expect(outcomes(engine)).toEqual({
    [served.authData.request_idx]: "Success",
    [held.authData.request_idx]: "Success",
  });
  expect(engine.reports.at(-1)).toMatchObject({ cur_load: 0, working_request_idxs: [] });
});

test.concurrent("an address that hangs from the signal on leaves its reports to the next one", async ({
  cluster,
}) => {
  const [first, second, model] = [
    await cluster.engine(),
    await cluster.engine(),
    await cluster.loadedModel(),
  ];
  const worker = await cluster.worker({ engine: [first, second], model });
  await eventually(() => expect(first.reports.at(-1)).toMatchObject({ max_perf: 1000, cur_load: 0 }));
  await first.outage({ kind: "hang" });
  const held = ask(first, worker, { cost: 4, fate: "hold" });
  await eventually(() => expect(model.held).toBe(1));
  worker.child.kill("SIGTERM");
  await worker.reaches("draining");
  model.release();
  expect((await held.answer).status).toBe(200);
  expect(await ended(worker)).toMatchObject({ code: 0 });
  expect(first.totals).toMatchObject({ newLoad: 0, servedLoad: 0 });
  expect(second.totals).toMatchObject({ newLoad: 4, servedLoad: 4, requestsReceived: 1 });
  expect([...second.totals.endedTimes]).toEqual([[held.authData.request_idx, 1]]);
  expect(outcomes(second)).toEqual({ [held.authData.request_idx]: "Success" });
  expect(second.reports.at(-1)).toMatchObject({ cur_load: 0, working_request_idxs: [] });
});
