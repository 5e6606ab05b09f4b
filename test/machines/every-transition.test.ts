import { describe, expect, test } from "vitest";
import { keyMachine } from "../../machines/key.js";
import { modelMachine } from "../../machines/model.js";
import { reporterMachine } from "../../machines/reporter.js";
import { sessionMachine } from "../../machines/session.js";
import { workerMachine } from "../../machines/worker.js";
import { startedKey } from "./support/started-key.js";
import { startedModel } from "./support/started-model.js";
import { startedReporter, TAKEN } from "./support/started-reporter.js";
import { startedSessions } from "./support/started-sessions.js";
import {
  FATAL_REQUEST,
  FATAL_SESSION,
  failKey,
  readyWorker,
  startedWorker,
} from "./support/started-worker.js";
import { TransitionRecord } from "./support/transition-record.js";

// What each transition does is shown elsewhere. Here machines are only walked through, to show that there is a way
// into every state and over every transition: none is dead, and none was added without a walk that takes it.
describe("every state is reachable and every transition can be taken", () => {
  test("of the key", async () => {
    const record = new TransitionRecord();
    const started = startedKey(record.inspect);
    for (const wait of [1000, 2000, 4000, 8000, 10_000, 10_000]) {
      await started.fetchKey.fail();
      await started.pass(wait);
    }
    await started.fetchKey.succeed("the key");
    expect(record.unentered(keyMachine)).toEqual([]);
    expect(record.untaken(keyMachine)).toEqual([]);
  });

  test("of the model", async () => {
    const record = new TransitionRecord();
    const { inspect } = record;
    const byLog = startedModel({ readiness: "log", hasHealth: true, inspect });
    byLog.log("log.loaded", "loaded");
    byLog.log("log.failed", "failed");
    byLog.suspect();
    await byLog.pass(10_000);
    await byLog.probeHealth.fail();
    byLog.verify();
    await byLog.probeHealth.succeed();
    const byHealth = startedModel({ readiness: "health", hasHealth: true, inspect });
    await byHealth.probeHealth.fail();
    await byHealth.pass(1000);
    await byHealth.probeHealth.succeed();
    byHealth.log("log.loaded", "loaded");
    const byNothing = startedModel({ readiness: "none", hasLog: false, inspect });
    byNothing.suspect();
    await byNothing.pass(10_000);
    const byEither = startedModel({ readiness: "either", hasHealth: true, inspect });
    byEither.log("log.loaded", "loaded");
    const byLifecycle = startedModel({ readiness: "lifecycle", hasLog: false, hasLifecycle: true, inspect });
    await byLifecycle.startLifecycle.fail();
    await byLifecycle.pass(10_000);
    await byLifecycle.startLifecycle.succeed();
    byLifecycle.suspect();
    const failure = { kind: "timeout", isAnswering: true, seen: "" } as const;
    const silent = { failure: { ...failure, isAnswering: false } };
    const judged = startedModel({ hasHealth: true, hasServer: true, failureThreshold: 2, inspect });
    judged.log("log.loaded", "loaded", true);
    await judged.probeHealth.fail();
    await judged.pass(1000);
    await judged.probeHealth.succeed();
    judged.log("log.failed", "failed", true);
    judged.serve();
    judged.log("log.failed", "failed");
    judged.log("log.failed", "failed");
    judged.verify();
    await judged.probeHealth.fail("busy", { failure });
    await judged.pass(4000);
    await judged.probeHealth.fail("silent", silent);
    await judged.pass(4000);
    await judged.probeHealth.succeed();
    await judged.pass(4000);
    await judged.probeHealth.succeed();
    judged.lose();
    await judged.probeHealth.fail("busy", { failure });
    await judged.pass(10_000);
    await judged.probeHealth.fail();
    judged.log("log.failed", "failed");
    await judged.probeHealth.fail();
    const early = startedModel({ hasHealth: true, inspect });
    early.log("log.failed", "failed", true);
    early.log("log.failed", "what came of it", true);
    await early.pass(2000);
    const gone = startedModel({ hasServer: true, failureThreshold: 2, inspect });
    gone.log("log.failed", "failed");
    gone.log("log.failed", "failed", true);
    await gone.pass(2000);
    await gone.pass(3000);
    await gone.lookAround.succeed(undefined);
    await gone.pass(5000);
    await gone.lookAround.fail();
    gone.lose();
    await gone.probeHealth.succeed();
    gone.lose();
    await gone.probeHealth.fail("busy", { failure });
    gone.lose();
    await gone.probeHealth.fail();
    await gone.pass(1000);
    await gone.probeHealth.fail();
    gone.suspect();
    await gone.pass(1000);
    await gone.probeHealth.fail();
    await gone.pass(1000);
    gone.serve();
    for (let times = 0; times < 2; times++) {
      await gone.probeHealth.fail();
      await gone.pass(1000);
    }
    await gone.probeHealth.succeed();
    for (const outcome of ["succeed", "fail"] as const) {
      gone.suspect();
      await gone.awaitSuccess[outcome](undefined as never);
    }
    gone.suspect();
    gone.serve();
    const returning = startedModel({ readiness: "none", hasLog: false, hasServer: true, inspect });
    for (let times = 0; times < 3; times++) {
      returning.suspect();
      await returning.pass(10_000);
      if (times === 0) await returning.probeHealth.fail();
      else if (times === 1) await returning.probeHealth.succeed();
      else returning.serve();
    }
    startedModel({ readiness: "none", hasLog: false, hasHealth: true, inspect });
    const startedToo = startedModel({ readiness: "log", hasLifecycle: true, inspect });
    await startedToo.startLifecycle.succeed();
    expect(record.unentered(modelMachine)).toEqual([]);
    expect(record.untaken(modelMachine)).toEqual([]);
  });

  test("of a session", async () => {
    const record = new TransitionRecord();
    const { callOnClose, open, use, end } = startedSessions({ inspect: record.inspect });
    const onClose = { route: "/unload", payload: {} };
    open("without");
    use("without", 90_000);
    end("without");
    for (const id of ["called", "failed"]) {
      open(id, 60_000, onClose);
      end(id);
    }
    await callOnClose.succeed();
    await callOnClose.fail();
    expect(record.unentered(sessionMachine)).toEqual([]);
    expect(record.untaken(sessionMachine)).toEqual([]);
  });

  test("of the reporter", async () => {
    const record = new TransitionRecord();
    const started = () => startedReporter({ addresses: ["http://a", "http://b"], inspect: record.inspect });
    const failAll = async ({ deliver, pass }: ReturnType<typeof startedReporter>): Promise<void> => {
      for (let tries = 1; tries <= 6; tries++) {
        await deliver.fail();
        if (tries % 3 !== 0) await pass(1000);
      }
    };

    const busy = started();
    await busy.pass(9500);
    await busy.deliver.succeed(TAKEN);
    busy.due();
    await busy.pass(1000);
    busy.due();
    busy.due();
    await busy.deliver.succeed(TAKEN);
    busy.changed();
    busy.changed();
    await busy.deliver.succeed(TAKEN);
    await failAll(busy);
    await busy.pass(2000);
    await failAll(busy);
    busy.flush();
    await busy.deliver.succeed(TAKEN);

    const interrupted = started();
    interrupted.due();
    interrupted.flush();
    interrupted.flush();
    await interrupted.deliver.succeed(TAKEN);
    await interrupted.deliver.succeed(TAKEN);

    const idle = started();
    idle.changed();
    await idle.deliver.succeed(TAKEN);
    idle.flush();
    await idle.deliver.fail();
    await idle.deliver.fail();
    await idle.pass(500);

    const hanging = started();
    hanging.changed();
    hanging.flush();
    await hanging.pass(4500);

    const retrying = started();
    retrying.changed();
    await retrying.deliver.fail();
    retrying.flush();

    expect(record.unentered(reporterMachine)).toEqual([]);
    expect(record.untaken(reporterMachine)).toEqual([]);
  });

  test("of the worker", async () => {
    const record = new TransitionRecord();
    const { inspect } = record;

    const ready = await readyWorker({ inspect, hasHealth: true });
    await ready.pass(10_000);
    await ready.probeHealth.fail();
    await ready.pass(10_000);
    await ready.probeHealth.succeed();
    await ready.log("log.loaded");
    const accuse = async (worker: ReturnType<typeof startedWorker>): Promise<void> => {
      await worker.log("log.failed");
      await worker.probeHealth.fail();
    };
    await ready.log("log.failed");
    await ready.probeHealth.succeed();
    await ready.pass(4000);
    await ready.probeHealth.succeed();
    await accuse(ready);
    await accuse(ready);
    await ready.pass(10_000);
    await ready.probeHealth.fail();
    await ready.log("log.loaded");
    await accuse(ready);
    await ready.log("log.loaded");
    await ready.pass(10_000);
    await ready.probeHealth.fail("another");
    await ready.pass(300_000);
    await ready.kill("model");
    await ready.kill("reporter.status");
    ready.worker.send({ type: "ledger.changed", report: "ended" });
    ready.edge.opened("serial")[0]?.send({ type: "request.arrived", id: FATAL_REQUEST, workload: 1, at: 0 });
    await ready.drain();
    await ready.drain();
    await ready.pass(30_000);
    ready.deliver.answer = undefined;
    await ready.drained();
    await ready.kill("reporter.ended");
    await ready.deliver.succeed(TAKEN);
    await ready.pass(10_000);

    const flushed = await readyWorker({ inspect });
    await flushed.drain();
    await flushed.drained();
    await flushed.pass(0);

    const withoutEngine = await readyWorker({ inspect, reportAddresses: [] });
    await withoutEngine.drain();
    await withoutEngine.drained();
    await withoutEngine.pass(0);
    expect(withoutEngine.worker.getSnapshot().status).toBe("done");

    for (const end of ["fail", "none"]) {
      const lingering = await readyWorker({ inspect });
      lingering.linger.answer = undefined;
      await lingering.drain();
      await lingering.drained();
      if (end === "fail") await lingering.linger.fail();
      else await lingering.pass(600);
    }

    const opened = (id: string) =>
      ({
        type: "session.opened",
        id,
        expiresAt: 60_000,
        onClose: { route: "/unload", payload: {} },
      }) as const;
    const closing = await readyWorker({ inspect });
    closing.edge.sessionsOpened.at(-1)?.send(opened(FATAL_SESSION));
    closing.edge.sessionsOpened.at(-1)?.send(opened("a"));
    await closing.drain();
    closing.edge.drained();
    closing.edge.sessionsOpened.at(-1)?.send(opened(FATAL_SESSION));
    const hanging = await readyWorker({ inspect });
    hanging.edge.sessionsOpened.at(-1)?.send(opened("a"));
    await hanging.drain();
    hanging.edge.drained();
    await hanging.pass(12_000);

    const slow = startedWorker({ inspect, hasLifecycle: true, startTimeoutMs: 6000 });
    await slow.startLifecycle.succeed();
    await slow.pass(5000);
    await slow.lookAround.succeed("model.log: no such file");
    await slow.pass(1000);
    const measured = startedWorker({ inspect });
    await measured.log("log.loaded");
    await measured.pass(5000);
    await measured.lookAround.succeed("127.0.0.1:18000: connection refused");

    const failing = startedWorker({ inspect, hasHealth: true });
    await accuse(failing);
    await failing.log("log.loaded");
    await accuse(failing);
    await failing.pass(10_000);
    await failing.probeHealth.succeed();
    await failing.benchmark.fail();
    failing.abort();

    const unmeasured = startedWorker({ inspect });
    await unmeasured.log("log.loaded");
    await unmeasured.benchmark.fail();
    await unmeasured.pass(10_000);

    const keyless = startedWorker({ inspect, secured: true, readiness: "health", hasHealth: true });
    await failKey(keyless);
    await keyless.pass(10_000);
    await keyless.fetchKey.succeed("the key");
    await keyless.probeHealth.succeed();
    await keyless.kill("key");
    await keyless.fetchKey.succeed("the key");
    keyless.edge.fatal = new Error("the edge broke");
    await accuse(keyless);

    const unloaded = startedWorker({ inspect, secured: true, hasHealth: true });
    await failKey(unloaded);
    await unloaded.pass(10_000);
    await unloaded.probeHealth.fail();
    await unloaded.pass(10_000);
    await unloaded.probeHealth.succeed();

    const doubtful = startedWorker({ inspect, hasHealth: true });
    await doubtful.log("log.loaded");
    await doubtful.benchmark.succeed(50);
    await doubtful.probeHealth.fail();

    const late = startedWorker({ inspect, secured: true });
    await late.log("log.loaded");
    await late.benchmark.succeed(50);
    await failKey(late);
    await late.pass(10_000);
    await late.fetchKey.succeed("the key");

    const mended = startedWorker({ inspect, secured: true });
    await mended.log("log.failed");
    await failKey(mended);
    await mended.pass(10_000);
    await mended.fetchKey.succeed("the key");

    expect(record.unentered(workerMachine)).toEqual([]);
    expect(record.untaken(workerMachine)).toEqual([]);
  });
});
