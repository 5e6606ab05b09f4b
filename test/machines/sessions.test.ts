import { describe, expect, test } from "vitest";
import { sessionMachine } from "../../machines/session.js";
import { startedSessions } from "./support/started-sessions.js";

const ON_CLOSE = { route: "/unload", payload: {} };
const closing = (id: string, reason: string) => ({ type: "session.closing", id, reason });
const closed = (id: string) => ({ type: "session.closed", id });

/** A session that dies when it is used. */
const fragile = sessionMachine.provide({
  actions: {
    extend: () => {
      throw new Error("the session broke");
    },
  },
});

describe("the sessions", () => {
  test("are opened and ended each by itself", () => {
    const { open, end, counts, received } = startedSessions();
    for (const id of ["a", "b", "c"]) open(id);
    expect(counts()).toEqual({ open: 3, closing: 0 });
    end("b");
    expect(counts()).toEqual({ open: 2, closing: 0 });
    expect(received).toEqual([closing("b", "ended"), closed("b")]);
  });

  test("count as closing as long as their `onClose` is being called", async () => {
    const { callOnClose, open, end, counts, received } = startedSessions();
    open("a", 60_000, ON_CLOSE);
    open("b");
    end("a");
    expect(counts()).toEqual({ open: 1, closing: 1 });
    expect(received).toEqual([closing("a", "ended")]);
    expect(callOnClose.all[0]?.input).toEqual({ id: "a", ...ON_CLOSE });
    await callOnClose.succeed();
    expect(counts()).toEqual({ open: 1, closing: 0 });
    expect(received.at(-1)).toEqual(closed("a"));
  });

  test("are not opened twice with the same id", () => {
    const { open, end, counts, received } = startedSessions();
    open("a");
    open("a");
    expect(counts().open).toBe(1);
    end("a");
    expect(received).toEqual([closing("a", "ended"), closed("a")]);
  });

  test("ignore the use and the end of one that is unknown or closing", () => {
    const { callOnClose, open, use, end, counts, received } = startedSessions();
    use("unknown", 1000);
    end("unknown");
    open("a", 60_000, ON_CLOSE);
    end("a");
    end("a");
    use("a", 90_000);
    expect(counts()).toEqual({ open: 0, closing: 1 });
    expect(received).toEqual([closing("a", "ended")]);
    expect(callOnClose.count).toBe(1);
  });

  test("are shown when they are persisted, as plain data", () => {
    const { sessions, open, end } = startedSessions();
    open("a", 5000);
    open("b", 6000, ON_CLOSE);
    end("b");
    expect(JSON.parse(JSON.stringify(sessions.getPersistedSnapshot()))).toMatchObject({
      status: "active",
      context: { open: 1, closing: 1 },
      sessions: [
        { id: "a", expiresAt: 5000, closing: false },
        { id: "b", expiresAt: 6000, closing: true },
      ],
    });
  });
});

describe("a session's time", () => {
  test.each([0, 1, 250, 500, 999])(
    "is over at its deadline, and the session is closed at most 2 s later (opened at %d ms)",
    async (openedAt) => {
      const { open, received, now, pass } = startedSessions();
      await pass(openedAt);
      for (const expiresAt of [3000, 3001, 3500, 3999]) open(String(expiresAt), expiresAt);
      while (now() < 6000) {
        await pass(1);
        for (const { type, id } of received.splice(0)) {
          if (type === "session.closed") continue;
          expect(now()).toBeGreaterThanOrEqual(Number(id));
          expect(now()).toBeLessThan(Number(id) + 2000);
        }
      }
    },
  );

  test("is as long as its last use sets it", async () => {
    const { open, use, received, pass } = startedSessions();
    open("a", 3000);
    for (let seconds = 1; seconds <= 60; seconds++) {
      await pass(1000);
      use("a", seconds * 1000 + 3000);
    }
    expect(received).toEqual([]);
    for (let seconds = 0; seconds < 3; seconds++) await pass(1000);
    expect(received).toEqual([closing("a", "expired"), closed("a")]);
  });

  test("is not over twice: one that is closing does not expire", async () => {
    const { callOnClose, open, received, pass } = startedSessions();
    open("a", 1000, ON_CLOSE);
    for (let seconds = 0; seconds < 10; seconds++) await pass(1000);
    expect(received).toEqual([closing("a", "expired")]);
    expect(callOnClose.count).toBe(1);
  });

  test("is watched only while a session is open, with one timer for all", () => {
    const { open, end, timers } = startedSessions();
    expect(timers()).toBe(0);
    for (let id = 0; id < 100; id++) open(String(id));
    expect(timers()).toBe(1);
    for (let id = 0; id < 99; id++) end(String(id));
    expect(timers()).toBe(1);
    end("99");
    expect(timers()).toBe(0);
  });

  test("is watched again for those who come later", async () => {
    const { open, end, received, pass } = startedSessions();
    open("a");
    end("a");
    await pass(5000);
    open("b", 6000);
    await pass(1000);
    expect(received.at(-1)).toEqual(closed("b"));
  });
});

describe("the close of all sessions", () => {
  test("ends each, and is reported when the last has closed", async () => {
    const { callOnClose, open, close, received, reported } = startedSessions();
    open("a", 60_000, ON_CLOSE);
    open("b");
    open("c", 60_000, ON_CLOSE);
    close();
    expect(received).toEqual([
      closing("a", "drained"),
      closing("b", "drained"),
      closed("b"),
      closing("c", "drained"),
    ]);
    await callOnClose.succeed();
    expect(reported).toEqual([]);
    await callOnClose.fail();
    expect(reported).toEqual([{ type: "sessions.closed" }]);
  });

  test("waits for those that were closing already", async () => {
    const { callOnClose, open, end, close, reported } = startedSessions();
    open("a", 60_000, ON_CLOSE);
    end("a");
    close();
    expect(reported).toEqual([]);
    await callOnClose.succeed();
    expect(reported).toEqual([{ type: "sessions.closed" }]);
  });

  test("is reported at once where there are none", () => {
    const { close, reported } = startedSessions();
    close();
    expect(reported).toEqual([{ type: "sessions.closed" }]);
  });

  test("is reported once where none had anything to call", () => {
    const { open, close, reported, timers } = startedSessions();
    for (const id of ["a", "b", "c"]) open(id);
    close();
    expect(reported).toEqual([{ type: "sessions.closed" }]);
    expect(timers()).toBe(0);
  });

  test("lets no session open any more", () => {
    const { open, close, counts, received, timers } = startedSessions();
    close();
    open("late");
    expect(counts()).toEqual({ open: 0, closing: 0 });
    expect(timers()).toBe(0);
    expect(received).toEqual([]);
  });
});

describe("a session that fails", () => {
  test("is counted as closed, and the others live on", () => {
    const { open, use, end, counts, received } = startedSessions({ session: fragile });
    open("a");
    open("b");
    use("a", 90_000);
    expect(received).toEqual([closed("a")]);
    expect(counts()).toEqual({ open: 1, closing: 0 });
    end("b");
    expect(received.slice(1)).toEqual([closing("b", "ended"), closed("b")]);
  });

  test("does not keep the close of all from coming to its end", () => {
    const breaking = sessionMachine.provide({
      actions: {
        reportClosing: () => {
          throw new Error("the session broke");
        },
      },
    });
    const { open, close, received, reported, timers } = startedSessions({ session: breaking });
    open("a");
    close();
    expect(received).toEqual([closed("a")]);
    expect(reported).toEqual([{ type: "sessions.closed" }]);
    expect(timers()).toBe(0);
  });
});

describe("the sessions actor that is stopped", () => {
  test("leaves no timer and no call behind, and no session sends anything any more", async () => {
    const { sessions, callOnClose, open, end, received, timers, pass } = startedSessions();
    open("a", 60_000, ON_CLOSE);
    open("b", 60_000, ON_CLOSE);
    end("a");
    sessions.stop();
    expect(timers()).toBe(0);
    expect(callOnClose.all.map(({ signal }) => signal.aborted)).toEqual([true]);
    const before = received.length;
    callOnClose.all[0]?.resolve();
    await pass(120_000);
    expect(received.length).toBe(before);
  });

  test("has stopped every session's actor", () => {
    const stopped: string[] = [];
    const { sessions, open, end } = startedSessions({
      inspect: (event) => {
        if (event.type === "@xstate.snapshot" && event.snapshot.status === "stopped") {
          stopped.push((event.actorRef as { readonly id?: string }).id ?? "");
        }
      },
    });
    open("a");
    open("b", 60_000, ON_CLOSE);
    end("b");
    sessions.stop();
    expect(stopped.filter((id) => id.startsWith("session.")).toSorted()).toEqual(["session.a", "session.b"]);
  });
});

describe("what an event costs", () => {
  /** Number of steps of all actors that an operation takes, with so many other sessions. */
  function stepsAmong(others: number) {
    let steps = 0;
    const { open, use, end } = startedSessions({
      inspect: ({ type }) => {
        if (type === "@xstate.event" || type === "@xstate.microstep") steps++;
      },
    });
    for (let id = 0; id < others; id++) open(String(id));
    const stepsOf = (operation: () => void): number => {
      steps = 0;
      operation();
      return steps;
    };
    return {
      open: stepsOf(() => open("one")),
      use: stepsOf(() => use("one", 90_000)),
      end: stepsOf(() => end("one")),
    };
  }

  test("is the same with 10,000 sessions as with none", () => {
    expect(stepsAmong(10_000)).toEqual(stepsAmong(0));
  });

  test("in no sweep, until the session has expired", async () => {
    let steps = 0;
    const { open, use, pass, counts } = startedSessions({
      inspect: ({ type }) => {
        if (type === "@xstate.event") steps++;
      },
    });
    for (let id = 0; id < 1000; id++) open(String(id), 60_000);
    for (let seconds = 1; seconds < 50; seconds++) {
      const before = steps;
      await pass(1000);
      // Only the sweep's own event.
      expect(steps - before).toBe(1);
      for (let id = 0; id < 1000; id++) use(String(id), seconds * 1000 + 60_000);
    }
    expect(counts()).toEqual({ open: 1000, closing: 0 });
    for (let seconds = 50; seconds <= 110; seconds++) await pass(1000);
    expect(counts()).toEqual({ open: 0, closing: 0 });
  });
});
