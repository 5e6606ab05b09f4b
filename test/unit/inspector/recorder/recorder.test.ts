import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AnyActorRef, InspectionEvent } from "xstate";
import { reporterMachine } from "../../../../machines/reporter.js";
import { machineCharts } from "../../../../src/inspector/chart/machine-charts.js";
import type { EventRecord, InspectRecord } from "../../../../src/inspector/recorder/frames.js";
import { Recorder } from "../../../../src/inspector/recorder/recorder.js";
import { scrubber } from "../../../../src/shared/scrubber.js";
import { WallClock } from "../../../../src/shared/wall-clock.js";
import {
  FATAL_REQUEST,
  FATAL_SESSION,
  failKey,
  readyWorker,
  startedWorker,
} from "../../../machines/support/started-worker.js";
import { WatchedSteps } from "../../support/watched-steps.js";

const charts = machineCharts();

let recorder: Recorder;
let clock: WallClock;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  clock = new WallClock();
  recorder = new Recorder({ charts, size: 1000, clock, scrub: scrubber(["the-master-token"]) });
});
afterEach(() => vi.useRealTimers());

const wrap: NonNullable<Parameters<typeof startedWorker>[0]>["wrap"] = (kind, logic) =>
  recorder.recorded(kind, logic);

const isEvent = (record: InspectRecord): record is EventRecord => record.kind === "event";
const events = (): readonly EventRecord[] => recorder.records.after(0).filter(isEvent);
const reported = (actor: string, event: string): readonly EventRecord[] =>
  events().filter((each) => each.actor === actor && each.event === event);
const line = ({ sender, actor, event }: EventRecord): string => `${sender} → ${actor}: ${event}`;

const arrives = (id: string) => ({ type: "request.arrived", id, workload: 10, at: 1 }) as const;
const ends = (id: string) => ({ type: "request.ended", id, outcome: "success", at: 2 }) as const;

describe("what an actor takes is recorded", () => {
  test("before its effects: causes precede their effects", async () => {
    const { edge } = await readyWorker({ wrap });
    recorder.flows.begin("a");
    const [queue] = edge.opened("serial");
    queue?.send(arrives("a"));
    queue?.send(ends("a"));
    expect(events().slice(-3).map(line)).toEqual([
      "edge → queue.serial: request.arrived",
      "queue.serial → edge: request.granted",
      "edge → queue.serial: request.ended",
    ]);
  });

  test("with the state that it led to, the edges it led over, and the actor's context from then on", async () => {
    const started = startedWorker({ wrap });
    await started.log("log.loaded");
    await started.benchmark.succeed(50);
    const [done] = reported("worker", "xstate.done.actor.benchmark");
    expect(done).toMatchObject({
      sender: "benchmark",
      status: "active",
      state: "ready",
      payload: { output: 50 },
      context: { maxPerf: 50, edge: "[actor edge]" },
    });
    const edges = charts.worker?.edges.filter(({ id }) => done?.edges.includes(id));
    expect(edges?.map(({ from, to }) => `${from} → ${to}`)).toEqual([
      "benchmarking → verifying",
      "verifying → ready",
    ]);
  });

  test("without the context where that is the same as before", async () => {
    const { worker } = await readyWorker({ wrap });
    worker.send({ type: "traffic.drained" });
    expect(reported("worker", "traffic.drained")[0]).not.toHaveProperty("context");
  });

  test("from its beginning to its end", async () => {
    const { edge, drain, worker } = await readyWorker({ wrap });
    await drain();
    edge.drained();
    await vi.waitFor(() => expect(worker.getSnapshot().status).toBe("done"));
    for (const actor of ["edge", "queue.serial", "sessions", "reporter.status", "reporter.ended", "model"]) {
      expect(reported(actor, "xstate.init"), actor).toMatchObject([{ sender: "worker" }]);
    }
    expect(reported("worker", "xstate.init")).toMatchObject([{ sender: undefined, state: "loading" }]);
    expect(events().find(({ actor, status }) => actor === "worker" && status === "done")).toMatchObject({
      state: "stopped",
    });
    expect([...recorder.actors]).toEqual([]);
  });
});

test("senders are those that xstate has, wherever it has one", async () => {
  const known: string[] = [];
  const kinds = new Set(["worker", "edge", "sessions", "key", "model"]);
  const inspect = (event: InspectionEvent): void => {
    if (event.type !== "@xstate.event" || event.sourceRef === undefined) return;
    const [actorRef, sourceRef] = [event.actorRef, event.sourceRef] as [AnyActorRef, AnyActorRef];
    const isRecorded = kinds.has(actorRef.id) || /^(?:reporter|queue|session)\./.test(actorRef.id);
    if (isRecorded) known.push(`${sourceRef.id} → ${actorRef.id}: ${event.event.type}`);
  };
  const started = await readyWorker({ wrap, inspect, secured: true, hasHealth: true });
  const { edge, log, pass, kill, callOnClose, probeHealth, fetchKey } = started;
  edge.sessionsOpened[0]?.send({
    type: "session.opened",
    id: "s",
    expiresAt: 1,
    onClose: { route: "http://a", payload: {} },
  });
  await pass(2000);
  await callOnClose.succeed();
  await log("log.failed");
  await pass(10_000);
  await probeHealth.succeed();
  await kill("key");
  await fetchKey.succeed("another");
  await pass(10_000);
  await started.drain();
  edge.drained();
  const recorded = events().map(line);
  expect(new Set(known).size).toBeGreaterThan(20);
  expect([...new Set(known)].filter((each) => !recorded.includes(each))).toEqual([]);
});

test("the edges that an event set off are those that xstate took, whatever the guards returned", async () => {
  const watched = new WatchedSteps(reporterMachine);
  const { worker } = await readyWorker({ wrap, inspect: watched.inspect });
  const reporter = worker.getSnapshot().children["reporter.status"];
  reporter?.send({ type: "report.due" });
  reporter?.send({ type: "report.flush" });
  const recorded = events().filter(({ actor, edges }) => actor === "reporter.status" && edges.length > 0);
  const taken = watched.steps.filter(({ edges }) => edges.length > 0);
  expect(recorded.length).toBeGreaterThan(2);
  for (const { event, edges } of recorded) {
    expect(taken.map((step) => [step.event, step.edges[0]])).toContainEqual([event, edges[0]]);
  }
});

describe("senders that xstate does not have", () => {
  test("of a session's events", async () => {
    const { edge, pass, worker } = await readyWorker({ wrap });
    const [sessions] = edge.sessionsOpened;
    sessions?.send({ type: "session.opened", id: "s", expiresAt: 10_000, onClose: undefined });
    sessions?.send({ type: "session.used", id: "s", expiresAt: 5_000 });
    await pass(7_000);
    expect(events().map(line)).toEqual(
      expect.arrayContaining([
        "edge → sessions: session.opened",
        "sessions → session.s: xstate.init",
        "edge → sessions: session.used",
        "sessions → session.s: session.used",
        "sessions → sessions: sessions.sweep",
        "sessions → session.s: session.end",
        "session.s → edge: session.closing",
        "session.s → edge: session.closed",
        "session.s → sessions: xstate.done.actor.session.s",
      ]),
    );
    worker.send({ type: "worker.drain" });
    expect(reported("worker", "worker.drain")[0]?.sender).toBeUndefined();
  });
});

describe("an actor that fails", () => {
  test.each([
    ["queue.serial", "the queue broke"],
    ["sessions", "the sessions broke"],
  ])("is an error with its stack: %s", async (id, message) => {
    const { edge } = await readyWorker({ wrap });
    if (id === "sessions") {
      edge.sessionsOpened[0]?.send({
        type: "session.opened",
        id: FATAL_SESSION,
        expiresAt: 1,
        onClose: undefined,
      });
    } else {
      recorder.flows.begin(FATAL_REQUEST);
      edge.opened("serial")[0]?.send(arrives(FATAL_REQUEST));
    }
    expect(recorder.records.after(0).filter(({ kind }) => kind === "error")).toMatchObject([
      {
        level: "error",
        message: `the actor ${id} died`,
        actor: id,
        causes: [{ name: "Error", message, stack: expect.stringContaining("at ") }],
      },
    ]);
    // Another one has taken its place.
    expect(recorder.actors.takeChanges().gone).toHaveLength(1);
    expect([...recorder.actors].filter((actor) => actor.id === id)).toMatchObject([{ status: "active" }]);
  });

  test("has the event that caused it recorded", async () => {
    const { edge } = await readyWorker({ wrap });
    recorder.flows.begin(FATAL_REQUEST);
    edge.opened("serial")[0]?.send(arrives(FATAL_REQUEST));
    expect(reported("queue.serial", "request.arrived")).toMatchObject([{ status: "error" }]);
  });

  test("is none where a task failed, which its actor takes into account", async () => {
    const started = startedWorker({ wrap, secured: true });
    await failKey(started);
    expect(recorder.records.after(0).filter(({ kind }) => kind === "error")).toEqual([]);
  });
});

describe("requests and sessions", () => {
  test("that are not followed are counted, and cost no record", async () => {
    const { edge } = await readyWorker({ wrap });
    const before = recorder.records.last;
    const [queue] = edge.opened("serial");
    queue?.send(arrives("a"));
    queue?.send(ends("a"));
    expect(recorder.records.last).toBe(before);
    const actors = [...recorder.actors];
    expect(actors.find(({ id }) => id === "queue.serial")).toMatchObject({ events: 3, leftOut: 2 });
    expect(actors.find(({ id }) => id === "edge")).toMatchObject({ leftOut: 1 });
  });

  test("are followed up to so many per second, each from beginning to end", async () => {
    const { edge } = await readyWorker({ wrap });
    const [sessions] = edge.sessionsOpened;
    for (let n = 0; n < 500; n++) {
      sessions?.send({ type: "session.opened", id: `s${n}`, expiresAt: 1e9, onClose: undefined });
    }
    for (let n = 0; n < 500; n++) sessions?.send({ type: "session.end", id: `s${n}`, reason: "ended" });
    expect(reported("sessions", "session.opened")).toHaveLength(100);
    expect(reported("sessions", "session.end")).toHaveLength(100);
    vi.advanceTimersByTime(500);
    for (let n = 500; n < 1000; n++) {
      sessions?.send({ type: "session.opened", id: `s${n}`, expiresAt: 1e9, onClose: undefined });
    }
    expect(reported("sessions", "session.opened")).toHaveLength(150);
  });

  test("do not push the lifecycle out of what is kept", async () => {
    recorder = new Recorder({ charts, size: 40, clock, scrub: scrubber(["the-master-token"]) });
    const { edge } = await readyWorker({ wrap });
    const [queue] = edge.opened("serial");
    for (let n = 0; n < 90; n++) {
      recorder.flows.begin(`r${n}`);
      queue?.send(arrives(`r${n}`));
      queue?.send(ends(`r${n}`));
    }
    expect(reported("worker", "xstate.init")).toHaveLength(1);
    expect(reported("queue.serial", "request.arrived").length).toBeLessThan(40);
    const numbers = recorder.records.after(0).map(({ n }) => n);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });
});

describe("errors", () => {
  const error = { kind: "error", level: "warn", actor: undefined, causes: [], details: {} } as const;

  test("that are many push nothing else out, and those that are too many are counted", async () => {
    await readyWorker({ wrap });
    for (let n = 0; n < 1000; n++) recorder.error(() => ({ ...error, message: `no ${n}` }));
    expect(recorder.records.after(0).filter(({ kind }) => kind === "error")).toHaveLength(20);
    expect(reported("worker", "xstate.init")).toHaveLength(1);
    expect([...recorder.actors].find(({ id }) => id === "worker")).toMatchObject({ leftOut: 980 });
  });

  test("that are long do not fill the memory: the oldest go", () => {
    for (let n = 0; n < 2000; n++) {
      recorder.error(() => ({ ...error, message: `${n} ${"x".repeat(100_000)}` }));
      vi.advanceTimersByTime(50);
    }
    const kept = recorder.records.after(0);
    expect(kept.length).toBeGreaterThan(10);
    expect(kept.length).toBeLessThan(40);
    expect(kept.at(-1)).toMatchObject({ message: expect.stringMatching(/^1999 /) });
  });
});

test("the records of large values are bounded, all together", async () => {
  const { edge } = await readyWorker({ wrap });
  const payload = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`f${n}`, "x".repeat(1000)]));
  for (let n = 0; n < 2000; n++) {
    edge.sessionsOpened[0]?.send({
      type: "session.opened",
      id: `s${n}`,
      expiresAt: 1e12,
      onClose: { route: "http://a", payload },
    });
    vi.advanceTimersByTime(20);
  }
  expect(reported("sessions", "session.opened").length).toBeGreaterThan(10);
  expect(JSON.stringify(recorder.records.after(0)).length).toBeLessThan(8_000_000);
  expect(reported("worker", "xstate.init")).toHaveLength(1);
});

test("no secret is recorded, at any place of a text", async () => {
  const started = startedWorker({ wrap, readiness: "lifecycle", hasLifecycle: true });
  await started.startLifecycle.fail("GET http://h/?api_key=abc: the-master-token, Bearer xyz");
  const text = JSON.stringify(recorder.records.after(0));
  expect(text).toContain("api_key=[redacted]");
  expect(text).not.toMatch(/abc|the-master-token|xyz/);
});

test("changes that are put back are reported with the next ones, but for actors that have ended", async () => {
  const { edge } = await readyWorker({ wrap });
  const [sessions] = edge.sessionsOpened;
  sessions?.send({ type: "session.opened", id: "s", expiresAt: 1e12, onClose: undefined });
  recorder.actors.takeChanges();
  sessions?.send({ type: "session.end", id: "s", reason: "ended" });
  const { changed, gone } = recorder.actors.takeChanges();
  const ended = changed.find(({ id }) => id === "session.s");
  expect(gone).toEqual([ended?.ref]);
  recorder.actors.putBack(changed);
  expect(recorder.actors.takeChanges().changed).toEqual(changed.filter((actor) => actor !== ended));
});

test("changes are reported once, an actor once however often it changed", async () => {
  const { edge } = await readyWorker({ wrap });
  recorder.actors.takeChanges();
  const [queue] = edge.opened("serial");
  queue?.send(arrives("a"));
  queue?.send(arrives("b"));
  const { changed } = recorder.actors.takeChanges();
  expect(changed.map((actor) => actor.row(clock))).toMatchObject([
    { id: "edge", kind: "edge" },
    { id: "queue.serial", kind: "queue", lane: { waiting: 1, running: 1, limit: 1, oldestAt: clock.at(1) } },
  ]);
  expect(recorder.actors.takeChanges()).toEqual({ changed: [], gone: [] });
});
