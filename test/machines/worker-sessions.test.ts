import { describe, expect, test } from "vitest";
import { MAX_REPLACED } from "../../machines/worker-setup.js";
import { scheduledEvents } from "../../machines/xstate-internals.js";
import { settled } from "./support/settled.js";
import { FATAL_SESSION, readyWorker } from "./support/started-worker.js";

type Ready = Awaited<ReturnType<typeof readyWorker>>;

const ON_CLOSE = { route: "/unload", payload: {} };
const ABORTED = { type: "sessions.aborted" };
const closing = (id: string, reason: string) => ({ type: "session.closing", id, reason });
const closed = (id: string) => ({ type: "session.closed", id });

const open = ({ edge }: Ready, id: string, onClose: typeof ON_CLOSE | undefined = undefined) =>
  edge.sessionsOpened.at(-1)?.send({ type: "session.opened", id, expiresAt: 3_600_000, onClose });
const end = ({ edge }: Ready, id: string) =>
  edge.sessionsOpened.at(-1)?.send({ type: "session.end", id, reason: "ended" });

/** A worker with a session whose `onClose` is being called while the worker drains. */
async function closingWorker(): Promise<Ready> {
  const started = await readyWorker();
  open(started, "a", ON_CLOSE);
  await started.drain();
  started.edge.drained();
  expect(started.state()).toEqual({ draining: "closing" });
  return started;
}

describe("a worker's sessions", () => {
  test("are given to the edge when it starts, once", async () => {
    expect((await readyWorker()).edge.sessionsOpened).toHaveLength(1);
  });

  test("report to the edge how they close", async () => {
    const started = await readyWorker();
    open(started, "a", ON_CLOSE);
    end(started, "a");
    expect(started.edge.sessions).toEqual([closing("a", "ended")]);
    await started.callOnClose.succeed();
    expect(started.edge.sessions).toEqual([closing("a", "ended"), closed("a")]);
  });

  test("live on while the worker is errored", async () => {
    const started = await readyWorker();
    open(started, "a");
    await started.log("log.failed");
    expect(started.edge.sessions).toEqual([]);
  });
});

describe("the sessions of a worker that is drained", () => {
  test("are closed after the requests have ended and before the last reports", async () => {
    const started = await readyWorker();
    const { worker, edge, callOnClose, deliver, state, drain } = started;
    open(started, "a", ON_CLOSE);
    open(started, "b");
    await drain();
    expect(state()).toEqual({ draining: "finishing" });
    expect(edge.sessions).toEqual([]);
    edge.drained();
    expect(state()).toEqual({ draining: "closing" });
    expect(edge.sessions).toEqual([closing("a", "drained"), closing("b", "drained"), closed("b")]);
    const ended = () => deliver.all.filter(({ input }) => input.kind === "ended").length;
    expect(ended()).toBe(0);
    await callOnClose.succeed();
    expect(edge.sessions.slice(3)).toEqual([closed("a"), ABORTED]);
    expect(ended()).toBe(1);
    expect(worker.getSnapshot()).toMatchObject({ status: "done", output: { fault: undefined } });
  });

  test("cause no wait where there are none", async () => {
    const { edge, state, drain, drained, deliver } = await readyWorker();
    await drain();
    deliver.answer = undefined;
    await drained();
    expect(state()).toEqual({ draining: "reporting" });
    expect(edge.sessions).toEqual([]);
  });

  test("have 12 s to close, then are counted as ended", async () => {
    const { edge, deliver, state, pass } = await closingWorker();
    deliver.answer = undefined;
    await pass(11_999);
    expect(state()).toEqual({ draining: "closing" });
    expect(edge.sessions).toEqual([closing("a", "drained")]);
    await pass(1);
    expect(state()).toEqual({ draining: "reporting" });
    expect(edge.sessions).toEqual([closing("a", "drained"), ABORTED]);
  });

  test("are not closed a second time when the worker receives a second drain", async () => {
    const { callOnClose, state, drain } = await closingWorker();
    await drain();
    expect(state()).toEqual({ draining: "closing" });
    expect(callOnClose.count).toBe(1);
  });

  test("that close for long do not keep the worker from stopping at once when it is aborted", async () => {
    const { worker, edge, callOnClose, abort } = await closingWorker();
    abort();
    expect(worker.getSnapshot().status).toBe("done");
    expect(edge.sessions).toEqual([closing("a", "drained"), ABORTED]);
    expect(callOnClose.all[0]?.signal.aborted).toBe(true);
  });
});

describe("the sessions of a worker that is aborted", () => {
  test("are counted as ended, and nothing of them is left", async () => {
    const started = await readyWorker();
    const { worker, edge, callOnClose, abort } = started;
    open(started, "a", ON_CLOSE);
    open(started, "b", ON_CLOSE);
    end(started, "a");
    abort();
    expect(edge.traffic.at(-1)).toEqual({ type: "traffic.aborted" });
    expect(edge.sessions).toEqual([closing("a", "ended"), ABORTED]);
    expect(callOnClose.all.map(({ signal }) => signal.aborted)).toEqual([true]);
    expect(scheduledEvents(worker)).toEqual([]);
  });
});

describe("a sessions actor that fails", () => {
  test("is replaced, and the edge is given the new one", async () => {
    const started = await readyWorker();
    open(started, FATAL_SESSION);
    const [old, replacement, ...more] = started.edge.sessionsOpened;
    expect(more).toEqual([]);
    expect(replacement).not.toBe(old);
    open(started, "a");
    end(started, "a");
    expect(started.edge.sessions).toEqual([closing("a", "ended"), closed("a")]);
    expect(started.state()).toBe("ready");
  });

  test("takes its sessions with it: none of them sends or does anything any more", async () => {
    const started = await readyWorker();
    const { edge, callOnClose, pass } = started;
    open(started, "a", ON_CLOSE);
    open(started, "b", ON_CLOSE);
    end(started, "a");
    open(started, FATAL_SESSION);
    expect(callOnClose.all.map(({ signal }) => signal.aborted)).toEqual([true]);
    for (let hours = 0; hours < 2; hours++) await pass(3_600_000);
    expect(edge.sessions).toEqual([closing("a", "ended")]);
    expect(callOnClose.count).toBe(1);
  });

  test("while its sessions close does not keep the worker from stopping", async () => {
    const started = await closingWorker();
    const { worker, edge, state, deliver } = started;
    deliver.answer = undefined;
    open(started, FATAL_SESSION);
    expect(edge.sessionsOpened).toHaveLength(2);
    await settled();
    expect(state()).toEqual({ draining: "reporting" });
    deliver.answer = () => ({ loadtime: 0, more: false });
    await deliver.succeed({ loadtime: 0, more: false });
    await deliver.succeed({ loadtime: 0, more: false });
    expect(worker.getSnapshot().status).toBe("done");
  });

  test(`stops the worker when more than ${MAX_REPLACED} actors have died, also while its sessions close`, async () => {
    for (const go of [readyWorker, closingWorker]) {
      const started = await go();
      for (let deaths = 1; deaths <= MAX_REPLACED; deaths++) await started.kill("model");
      expect(started.worker.getSnapshot().status).toBe("active");
      open(started, FATAL_SESSION);
      expect(started.worker.getSnapshot()).toMatchObject({
        status: "done",
        output: { fault: { of: "actor", message: "actor sessions: the sessions broke" } },
      });
    }
  });
});
