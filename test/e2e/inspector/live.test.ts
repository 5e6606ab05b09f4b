import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { EventRecord, RequestRecord } from "../../../src/inspector/recorder/frames.js";
import { eventually } from "../../support/eventually.js";
import { open } from "../../support/http-client.js";
import { InspectClient } from "../../support/inspect-client.js";
import { chunkBytes, headBytes, LAST_CHUNK, type ModelRequest } from "../../support/raw-model.js";
import { SessionClient } from "../../support/session-client.js";
import { WorkerFixture } from "../../support/worker-fixture.js";

let fixture: WorkerFixture;
let page: InspectClient;
beforeAll(async () => {
  fixture = await WorkerFixture.start({
    handlers: [{ route: "/serial", maxQueueTime: null }],
    config: { inspect: true, maxSessions: 1000 },
  });
  page = await InspectClient.connect(fixture.worker.localUrl);
});
afterAll(async () => {
  await fixture.stop();
  await page.isClosed();
  expect(page.closed).toEqual({ code: 1001, reason: "the worker ends" });
});

const events = (actor: string): readonly EventRecord[] =>
  page.records.filter((record): record is EventRecord => record.kind === "event" && record.actor === actor);
const requests = (route: string): readonly RequestRecord[] =>
  page.records.filter(
    (record): record is RequestRecord => record.kind === "request" && record.route === route,
  );

/** Requests that the model has and that the test answers. */
function heldBy(route: string): ModelRequest[] {
  const held: ModelRequest[] = [];
  fixture.model.on(route, (request) => void held.push(request));
  return held;
}

test("a page that is opened late shows how the worker started", () => {
  expect(page.hello).toMatchObject({ format: 1, url: fixture.worker.url });
  expect(events("worker").map(({ state }) => state)).toEqual(
    expect.arrayContaining(["loading", "benchmarking", "ready"]),
  );
  expect(page.actor("worker")).toMatchObject({ kind: "worker", state: "ready", parent: undefined });
  const worker = page.actor("worker").ref;
  for (const id of ["edge", "queue.serial", "sessions", "model", "reporter.status", "reporter.ended"]) {
    expect(page.actor(id)).toMatchObject({ status: "active", parent: worker });
  }
});

test("every machine has its chart, and every edge that was taken is on it", () => {
  const { charts, actors } = page.hello;
  expect(Object.keys(charts).toSorted()).toEqual(["key", "model", "reporter", "session", "worker"]);
  const kinds = new Map(actors.map(({ ref, kind }) => [ref, kind]));
  const taken = page.records.flatMap((record) =>
    record.kind === "event" ? record.edges.map((edge) => ({ edge, kind: kinds.get(record.ref) ?? "" })) : [],
  );
  expect(taken.length).toBeGreaterThan(5);
  for (const { edge, kind } of taken) {
    expect(charts[kind]?.edges.map(({ id }) => id)).toContain(edge);
  }
});

test("the lit state follows the model: ready, errored, ready", async () => {
  const before = page.records.length;
  await fixture.modelFails();
  await eventually(() => expect(page.actor("worker").state).toBe("errored"));
  await fixture.modelLoads();
  await eventually(() => expect(page.actor("worker").state).toBe("ready"));
  const states = page.records
    .slice(before)
    .flatMap((record) => (record.kind === "event" && record.actor === "worker" ? [record.state] : []));
  expect(states.filter((state, index) => state !== states[index - 1])).toEqual(
    expect.arrayContaining(["errored", "ready"]),
  );
});

test("a request that waits is in its lane, and removed from it when its client disconnects", async () => {
  const held = heldBy("/serial");
  const running = fixture.post("/serial");
  await eventually(() => held.length === 1);
  const leaving = new AbortController();
  const waiting = fetch(`${fixture.worker.url}/serial`, {
    method: "POST",
    body: JSON.stringify(fixture.envelope()),
    signal: leaving.signal,
  }).catch(() => "left");
  const { ref } = page.actor("queue.serial");
  const lane = () =>
    page.ticks.findLast(({ lanes }) => lanes !== undefined)?.lanes?.find((each) => each.ref === ref);
  await eventually(() => {
    expect(lane()).toMatchObject({ running: [{ workload: 100 }], waiting: [{ workload: 100 }] });
    expect(page.actor("queue.serial").lane).toMatchObject({ running: 1, waiting: 1, limit: 1 });
  });
  const id = lane()?.waiting[0]?.id;
  leaving.abort();
  expect(await waiting).toBe("left");
  await eventually(() => expect(lane()).toMatchObject({ running: [{}], waiting: [] }));
  const record = await eventually(() => {
    const found = requests("/serial").find((each) => each.id === id);
    if (found === undefined) throw new Error("it has not ended");
    return found;
  });
  expect(record).toMatchObject({
    outcome: "cancelled",
    status: 499,
    startedAt: undefined,
    firstByteAt: undefined,
  });
  held[0]?.socket.write(Buffer.concat([headBytes(200, ["content-length", "2"]), Buffer.from("{}")]));
  expect((await running).status).toBe(200);
  await eventually(() => expect(lane()).toMatchObject({ running: [], waiting: [] }));
});

test("an ended request shows where its time went", async () => {
  const sent = fixture.envelope();
  let receivedAt = 0;
  let headAt = 0;
  let lastAt = 0;
  fixture.model.on("/serial", async ({ socket }) => {
    receivedAt = Date.now();
    await pause(300);
    headAt = Date.now();
    socket.write(headBytes(200, ["transfer-encoding", "chunked"]));
    socket.write(chunkBytes("a"));
    await pause(300);
    lastAt = Date.now();
    socket.write(Buffer.concat([chunkBytes("b"), Buffer.from(LAST_CHUNK)]));
  });
  const answer = await open(`${fixture.worker.url}/serial`, { body: sent });
  for await (const _ of answer);
  const record = await eventually(() => {
    const found = requests("/serial").find(({ requestIdx }) => requestIdx === sent.auth_data.request_idx);
    if (found === undefined) throw new Error("it has not ended");
    return found;
  });
  expect(record).toMatchObject({ queue: "serial", workload: 100, outcome: "success", status: 200 });
  const { arrivedAt, admittedAt = 0, startedAt = 0, firstByteAt = 0, endedAt } = record;
  expect([arrivedAt, admittedAt, startedAt, firstByteAt, endedAt]).toEqual(
    [arrivedAt, admittedAt, startedAt, firstByteAt, endedAt].toSorted((a, b) => a - b),
  );
  // The worker is a process of its own: its clock may be some milliseconds off this one's.
  const skew = 100;
  expect(startedAt).toBeLessThan(receivedAt + skew);
  expect(firstByteAt).toBeGreaterThan(headAt - skew);
  expect(endedAt).toBeGreaterThan(lastAt - skew);
});

test("one that is refused is shown as refused, and was never admitted", async () => {
  expect((await fixture.ask("/serial", { body: { auth_data: {}, payload: {} } })).status).toBe(422);
  await eventually(() =>
    expect(requests("/serial").at(-1)).toMatchObject({
      outcome: "rejected",
      status: 422,
      admittedAt: undefined,
      requestIdx: undefined,
    }),
  );
});

test("a session comes, lives and goes as an actor of its own", async () => {
  const session = await SessionClient.open(fixture);
  const id = `session.${session.id}`;
  await eventually(() =>
    expect(page.actor(id)).toMatchObject({
      kind: "session",
      state: "open",
      parent: page.actor("sessions").ref,
    }),
  );
  await session.ask("end");
  await eventually(() => expect([...page.actors.values()].map((actor) => actor.id)).not.toContain(id));
  expect(events(id).map(({ sender, event, status }) => [sender, event, status])).toEqual([
    ["sessions", "xstate.init", "active"],
    ["sessions", "session.end", "done"],
  ]);
});

test("errors are shown with their stack", async () => {
  fixture.model.on("/serial", ({ socket }) => void socket.end("nonsense\r\n\r\n"));
  expect((await fixture.post("/serial")).status).toBe(502);
  await eventually(() =>
    expect(page.records.findLast(({ kind }) => kind === "error")).toMatchObject({
      level: "warn",
      causes: [{ stack: expect.stringContaining("at ") }, {}],
    }),
  );
});

test("a sample comes every second", async () => {
  fixture.model.on("/serial", ({ socket }) => {
    socket.write(Buffer.concat([headBytes(200, ["content-length", "2"]), Buffer.from("{}")]));
  });
  expect((await fixture.post("/serial")).status).toBe(200);
  await eventually(() => {
    const samples = page.ticks.flatMap(({ sample }) => sample ?? []);
    expect(samples.reduce((sum, { outcomes }) => sum + outcomes.success, 0)).toBeGreaterThan(0);
    expect(samples.at(-1)).toMatchObject({ capacity: 100 });
  });
});

test("timers are shown with the events that they will send", async () => {
  await eventually(() => {
    const timers = page.ticks.findLast((tick) => tick.timers !== undefined)?.timers ?? page.hello.timers;
    expect(timers).toContainEqual({
      ref: page.actor("reporter.status").ref,
      event: expect.stringMatching(/^xstate\.after\./),
      startedAt: expect.any(Number),
      delay: expect.any(Number),
    });
  });
});

test("of many requests at once some are followed, each as a whole, and the others counted", async () => {
  const before = page.leftOut;
  const known = page.records.length;
  await Promise.all(
    Array.from({ length: 600 }, () => fixture.post("/serial").then(({ status }) => expect(status).toBe(200))),
  );
  await eventually(() => expect(page.leftOut - before).toBeGreaterThan(0));
  await eventually(() => expect(page.actor("queue.serial").lane).toMatchObject({ running: 0, waiting: 0 }));
  const followed = page.records
    .slice(known)
    .flatMap((record) => (record.kind === "request" ? [record.id] : []));
  expect(followed.length).toBeGreaterThan(20);
  for (const id of followed) {
    // All records: a request that ended just before may be reported with the first of these.
    const story = page.records.flatMap((record) =>
      record.kind === "event" && (record.payload as { id?: string }).id === id ? [record.event] : [],
    );
    expect(story).toEqual(["request.arrived", "request.granted", "request.ended"]);
  }
});

test("no secret is shown", () => {
  const text = JSON.stringify([page.hello, page.ticks]);
  expect(text).not.toContain("the-master-token");
  expect(text).not.toContain(fixture.envelope().auth_data.signature.slice(0, 40));
});
