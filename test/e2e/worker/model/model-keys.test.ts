import { expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { type ModelRequest, plain, RawModel } from "../../../support/raw-model.js";
import { SessionClient } from "../../../support/session-client.js";
import { SocketClient } from "../../../support/socket-client.js";
import { SocketModel } from "../../../support/socket-model.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const KEY = "sk-model-key-0123456789";
const EXTRA = "x-extra-0123456789";
const bearer = `Bearer ${KEY}`;

/** The newest request to a path. */
const lastAt = (model: RawModel, path: string): ModelRequest | undefined =>
  model.requests.findLast((request) => request.path === path);

/** Everything that the worker wrote. */
const written = (fixture: WorkerFixture): string =>
  JSON.stringify(fixture.worker.lines) + fixture.worker.text;

const authorizationAt = (model: RawModel, path: string): string | undefined =>
  lastAt(model, path)?.headers.get("authorization");

test("every request to the model server has its key and headers, and nothing else has", async () => {
  const elsewhere = await RawModel.start();
  const fixture = await WorkerFixture.start({
    measures: true,
    handlers: [
      {
        route: "/go",
        allowParallelRequests: true,
        benchmarkConfig: { dataset: [{ bench: true }], runs: 1, concurrency: 1 },
      },
      {
        route: "/files",
        allowParallelRequests: true,
        multipart: { files: { file: { extensions: ["txt"], defaultFilename: "a.txt" } } },
      },
      { route: "/ws", allowParallelRequests: true, websocket: true },
    ],
    config: {
      modelHeaders: { "X-Extra": EXTRA },
      modelHealthcheckUrl: "/health",
      openRoutes: [{ route: "/version" }],
    },
    env: { MODEL_API_KEY: ` ${KEY}\n` },
  });
  const { model } = fixture;
  const socketModel = new SocketModel();
  model.on("/ws", socketModel.accept);

  expect(await fixture.post("/go", { n: 1 })).toMatchObject({ status: 200 });
  expect(await fixture.post("/files", { file: Buffer.from("a").toString("base64") })).toMatchObject({
    status: 200,
  });
  expect(await fixture.ask("/version", { method: "GET" })).toMatchObject({ status: 200 });
  const client = await SocketClient.connect(`${fixture.worker.url}/ws`);
  client.send(fixture.envelope());
  await socketModel.accepted();
  client.socket.close(1000);
  await client.isClosed();
  const session = await SessionClient.open(fixture, { on_close_route: "/closed" });
  await session.ask("end");
  await eventually(() => expect(lastAt(model, "/closed")).toBeDefined());
  const other = await SessionClient.open(fixture, {
    on_close_route: `http://127.0.0.1:${elsewhere.port}/hook`,
  });
  await other.ask("end");
  await eventually(() => expect(elsewhere.requests).toHaveLength(1));

  const paths = ["/go", "/files", "/version", "/ws", "/closed", "/health"];
  await eventually(() => expect(lastAt(model, "/health")).toBeDefined());
  for (const path of paths) {
    const headers = lastAt(model, path)?.headers;
    expect({ path, key: headers?.get("authorization"), extra: headers?.get("x-extra") }).toEqual({
      path,
      key: bearer,
      extra: EXTRA,
    });
  }
  expect(model.bodiesAt("/go")[0]).toEqual({ bench: true });
  expect(model.requests.every(({ headers }) => headers.get("authorization") === bearer)).toBe(true);
  expect(elsewhere.last.headers.has("authorization") || elsewhere.last.headers.has("x-extra")).toBe(false);
  expect(written(fixture)).not.toMatch(new RegExp(`${KEY}|${EXTRA}`));
  await fixture.stop();
  await elsewhere.stop();
});

test("a user and a password in a URL are sent as basic authentication", async () => {
  const [model, health] = await Promise.all([RawModel.start(), RawModel.start()]);
  const fixture = await WorkerFixture.start({
    config: {
      modelServerUrl: "http://us%40er:p%3Assw%2Frd-0123@127.0.0.1",
      modelServerPort: model.port,
      modelHealthcheckUrl: `http://probe:probe-password@127.0.0.1:${health.port}/health`,
    },
    env: { MODEL_API_KEY: KEY },
  });
  expect(await fixture.post("/alive")).toMatchObject({ status: 200 });
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;
  expect(authorizationAt(model, "/alive")).toBe(basic("us@er:p:ssw/rd-0123"));
  await eventually(() => expect(authorizationAt(health, "/health")).toBe(basic("probe:probe-password")));
  expect(written(fixture)).not.toMatch(/ssw|probe-password|@127/);
  await fixture.stop();
  await Promise.all([model.stop(), health.stop()]);
});

test("a health URL of another origin gets no key of the model's, and a redirect is not followed with it", async () => {
  const elsewhere = await RawModel.start();
  const fixture = await WorkerFixture.start({
    config: {
      modelHeaders: { authorization: "Token configured-0123" },
      modelHealthcheckUrl: `http://127.0.0.1:${elsewhere.port}/health`,
      openRoutes: [{ route: "/moved" }],
    },
    env: { MODEL_API_KEY: KEY },
  });
  fixture.model.on(
    "/moved",
    plain({ status: 302, headers: ["location", `http://127.0.0.1:${elsewhere.port}/stolen`] }),
  );
  expect(await fixture.ask("/moved", { method: "GET" })).toMatchObject({ status: 302 });
  expect(await fixture.post("/alive")).toMatchObject({ status: 200 });
  // What is configured takes precedence.
  for (const path of ["/moved", "/alive"])
    expect(authorizationAt(fixture.model, path)).toBe("Token configured-0123");
  await eventually(() => expect(lastAt(elsewhere, "/health")).toBeDefined());
  expect(
    elsewhere.requests.filter(({ headers, path }) => headers.has("authorization") || path !== "/health"),
  ).toEqual([]);
  await fixture.stop();
  await elsewhere.stop();
});

test("a model that quotes its key in a refusal does not bring it into the log or the reports", async () => {
  const fixture = await WorkerFixture.start({
    env: { MODEL_API_KEY: KEY },
    loaded: false,
    measures: true,
    handlers: [
      {
        route: "/go",
        allowParallelRequests: true,
        benchmarkConfig: { dataset: [{}], runs: 1, concurrency: 1, doWarmup: false },
      },
    ],
  });
  const body = `{"error": "Incorrect API key provided: ${KEY}"}`;
  fixture.model.on("/go", plain({ status: 401, headers: ["content-type", "application/json"], body }));
  await fixture.modelLogs();
  await fixture.worker.reaches("errored");
  await eventually(() => expect(fixture.engine.reports.at(-1)?.error_msg).toContain("401"));
  expect(fixture.engine.reports.at(-1)?.error_msg).toContain("[redacted]");
  expect(JSON.stringify(fixture.engine.reports) + written(fixture)).not.toContain(KEY);
  await fixture.stop();
});
