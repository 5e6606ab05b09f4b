import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { chunkBytes, headBytes, LAST_CHUNK, plain } from "../../../support/raw-model.js";
import { SocketClient } from "../../../support/socket-client.js";
import { SocketModel } from "../../../support/socket-model.js";
import { type CollectedSpan, TraceCollector } from "../../../support/trace-collector.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT_SPAN = "00f067aa0ba902b7";
const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;

let collector: TraceCollector;
let fixture: WorkerFixture;

beforeAll(async () => {
  collector = await TraceCollector.create();
  fixture = await WorkerFixture.start({
    handlers: [
      { route: "/v1/chat/completions", allowParallelRequests: true },
      { route: "/one", allowParallelRequests: false, maxQueueTime: null },
      { route: "/ws", allowParallelRequests: true, websocket: true },
    ],
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/otlp/`,
      OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer%20secret-of-the-collector",
      OTEL_SERVICE_NAME: "gpu-worker",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
      OTEL_BSP_SCHEDULE_DELAY: "50",
    },
  });
});

afterAll(async () => {
  await fixture.stop();
  collector.stop();
});

/** The spans of the newest request to a route, by their names. */
const traceOf = (route: string, more: Readonly<Record<string, unknown>> = {}) =>
  eventually(() => {
    const spans = collector.traceWith({ "http.route": route, ...more });
    expect(spans.length).toBeGreaterThan(0);
    return new Map(spans.map((span) => [span.name, span]));
  });

const spanOf = (spans: ReadonlyMap<string, CollectedSpan>, name: string): CollectedSpan => {
  const span = spans.get(name);
  if (span === undefined) throw new Error(`no span "${name}", only ${[...spans.keys()].join(", ")}`);
  return span;
};

const modelHeader = (path: string, name: string): string | undefined =>
  fixture.model.requests.findLast((request) => request.path === path)?.headers.get(name);

test("a streamed request is one trace: request, queue, model first byte and stream, in the client's trace", async () => {
  const path = "/v1/chat/completions";
  fixture.model.on(path, async ({ socket }) => {
    socket.write(headBytes(200, ["content-type", "text/event-stream", "transfer-encoding", "chunked"]));
    socket.write(chunkBytes("data: {}\n\n"));
    await new Promise((resolve) => setTimeout(resolve, 30));
    socket.write(chunkBytes("data: [DONE]\n\n") + LAST_CHUNK);
  });
  const reply = await fixture.ask(path, {
    body: fixture.envelope({ stream: true, model: "secret-prompt" }),
    headers: { traceparent: `00-${TRACE}-${CLIENT_SPAN}-01`, tracestate: "vendor=1" },
  });
  expect(reply.status).toBe(200);

  const spans = await traceOf(path);
  expect([...spans.keys()].toSorted()).toEqual([
    "POST /v1/chat/completions",
    "model first byte",
    "queue",
    "stream",
  ]);
  const [request, queue, first, stream] = [
    spanOf(spans, "POST /v1/chat/completions"),
    spanOf(spans, "queue"),
    spanOf(spans, "model first byte"),
    spanOf(spans, "stream"),
  ];
  expect(request).toMatchObject({
    traceId: TRACE,
    parentSpanId: CLIENT_SPAN,
    traceState: "vendor=1",
    kind: SERVER,
    attributes: {
      "http.request.method": "POST",
      "http.route": path,
      "url.path": path,
      "http.response.status_code": 200,
      "tsworker.outcome": "success",
    },
  });
  expect(request.status).toBeUndefined();
  for (const span of [queue, first, stream])
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: request.spanId });
  expect(first).toMatchObject({ kind: CLIENT, attributes: { "gen_ai.operation.name": "chat" } });

  const moments = [
    request.startTimeUnixNano,
    queue.startTimeUnixNano,
    queue.endTimeUnixNano,
    first.startTimeUnixNano,
    first.endTimeUnixNano,
    stream.startTimeUnixNano,
    stream.endTimeUnixNano,
  ];
  expect(moments.toSorted((a, b) => Number(a - b))).toEqual(moments);
  expect(request.endTimeUnixNano).toBe(stream.endTimeUnixNano);
  expect(stream.endTimeUnixNano - stream.startTimeUnixNano).toBeGreaterThan(20_000_000n);
  expect(Math.abs(Number(request.endTimeUnixNano / 1_000_000n) - Date.now())).toBeLessThan(60_000);

  expect(modelHeader(path, "traceparent")).toBe(`00-${TRACE}-${first.spanId}-01`);
  expect(modelHeader(path, "tracestate")).toBe("vendor=1");
  expect(collector.exports[0]).toMatchObject({
    path: "/otlp/v1/traces",
    headers: { authorization: "Bearer secret-of-the-collector", "content-type": "application/json" },
  });
  expect(collector.resources[0]).toEqual({
    "service.name": "gpu-worker",
    "deployment.environment.name": "test",
  });
  expect(JSON.stringify(fixture.worker.lines)).not.toContain("secret-of-the-collector");
});

test("a request without a traceparent begins a trace, and its wait is the time of the queue", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  fixture.model.on("/one", async (request) => {
    await held;
    await plain({ body: "{}" })(request);
  });
  const both = [fixture.post("/one"), fixture.post("/one")];
  await eventually(() => fixture.model.requests.some(({ path }) => path === "/one"));
  await new Promise((resolve) => setTimeout(resolve, 30));
  release();
  for (const reply of await Promise.all(both)) expect(reply.status).toBe(200);
  await eventually(() => {
    const waits = collector.spans
      .filter(({ name, attributes }) => name === "queue" && attributes["tsworker.queue"] !== undefined)
      .map((span) => span.endTimeUnixNano - span.startTimeUnixNano);
    expect(waits.some((wait) => wait > 20_000_000n)).toBe(true);
  });
  const requests = collector.spans.filter(({ attributes }) => attributes["http.route"] === "/one");
  expect(new Set(requests.map(({ traceId }) => traceId)).size).toBe(2);
  for (const { parentSpanId } of requests) expect(parentSpanId).toBeUndefined();
});

test("a request that is refused is one span, and one that the model fails is an error", async () => {
  const refused = await fixture.ask("/one", { body: "[" });
  const spans = await traceOf("/one", { "tsworker.outcome": "rejected" });
  expect([...spans.values()]).toMatchObject([
    { name: "POST /one", attributes: { "http.response.status_code": refused.status } },
  ]);
  fixture.model.on("/one", ({ socket }) => void socket.destroy());
  const failed = await fixture.post("/one");
  expect(failed.status).toBe(502);
  const failedSpans = await traceOf("/one", { "http.response.status_code": 502 });
  for (const name of ["POST /one", "model first byte"])
    expect(spanOf(failedSpans, name)).toMatchObject({
      status: { code: ERROR },
      attributes: { "error.type": "502" },
    });
});

test("a WebSocket is in the client's trace, and the model is", async () => {
  const socketModel = new SocketModel();
  fixture.model.on("/ws", socketModel.accept);
  const trace = TRACE.replace("4", "5");
  const client = await SocketClient.connect(`${fixture.worker.url}/ws`, {
    headers: { traceparent: `00-${trace}-${CLIENT_SPAN}-01` },
  });
  client.send(fixture.envelope());
  await socketModel.accepted();
  client.socket.close(1000);
  const spans = await traceOf("/ws");
  expect(spanOf(spans, "GET /ws")).toMatchObject({ traceId: trace, parentSpanId: CLIENT_SPAN });
  expect(modelHeader("/ws", "traceparent")).toBe(
    `00-${trace}-${spanOf(spans, "model first byte").spanId}-01`,
  );
});

test.each([
  [
    "that the client does not record",
    `00-${TRACE.replace("4", "6")}-${CLIENT_SPAN}-00`,
    TRACE.replace("4", "6"),
  ],
  ["whose traceparent is not valid", `00-${"0".repeat(32)}-${CLIENT_SPAN}-01`, undefined],
])("the model gets the decision about a request %s", async (_title, traceparent, trace) => {
  fixture.model.on("/one", plain({ body: "{}" }));
  expect((await fixture.ask("/one", { body: fixture.envelope(), headers: { traceparent } })).status).toBe(
    200,
  );
  const [, traceId, , flags] = modelHeader("/one", "traceparent")?.split("-") ?? [];
  if (trace === undefined) {
    expect(traceId).toMatch(/^(?!0{32})[\da-f]{32}$/);
    expect(flags).toBe("01");
  } else {
    expect([traceId, flags]).toEqual([trace, "00"]);
    expect(collector.spans.some((span) => span.traceId === trace)).toBe(false);
  }
});

describe("while the collector is down", () => {
  test("requests are served, spans wait, and the last ones are sent when the worker stops", async () => {
    const late = await TraceCollector.create(false);
    const other = await WorkerFixture.start({
      handlers: [{ route: "/go", allowParallelRequests: true }],
      env: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${late.url}/here`, OTEL_BSP_SCHEDULE_DELAY: "1" },
    });
    other.model.on("/go", plain({ body: "{}" }));
    for (let count = 0; count < 3; count++) expect((await other.post("/go")).status).toBe(200);
    const failures = () =>
      other.worker.lines.filter(({ msg }) => String(msg).startsWith("the trace collector takes no spans"));
    await eventually(() => expect(failures().length).toBe(1));
    await late.start();
    await other.stop();
    expect(failures().length).toBe(1);
    expect(late.exports[0]?.path).toBe("/here");
    expect(late.spans.filter(({ name }) => name === "POST /go").length).toBe(3);
    late.stop();
  });
});
