import { describe, expect, test } from "vitest";
import { createActor, fromPromise } from "xstate";
import type { SessionClosed, SessionClosing, SessionEndReason } from "../../machines/events.js";
import { type OnCloseCall, sessionMachine } from "../../machines/session.js";
import { Calls } from "./support/calls.js";

const ON_CLOSE = { route: "/unload", payload: { user: 7 } };

function startedSession(onClose: typeof ON_CLOSE | undefined) {
  const callOnClose = new Calls<void, OnCloseCall>();
  const received: (SessionClosing | SessionClosed)[] = [];
  const session = createActor(sessionMachine.provide({ actors: { callOnClose: callOnClose.logic } }), {
    input: { id: "s", expiresAt: 1000, onClose, edge: { send: (event) => received.push(event) } },
  }).start();
  return {
    session,
    callOnClose,
    received,
    use: (expiresAt: number) => session.send({ type: "session.used", id: "s", expiresAt }),
    end: (reason: SessionEndReason = "ended") => session.send({ type: "session.end", id: "s", reason }),
    state: () => session.getSnapshot().value,
    context: () => session.getSnapshot().context,
  };
}

const closing = (reason: SessionEndReason) => ({ type: "session.closing", id: "s", reason });
const CLOSED = { type: "session.closed", id: "s" };

describe("a session", () => {
  test("is open, with the number of its uses and its time of expiry", () => {
    const { use, state, context, received } = startedSession(undefined);
    expect(context()).toMatchObject({ expiresAt: 1000, used: 0 });
    use(2000);
    use(3000);
    expect(state()).toBe("open");
    expect(context()).toMatchObject({ expiresAt: 3000, used: 2 });
    expect(received).toEqual([]);
  });

  test.each(["ended", "expired", "drained"] as const)(
    "without an `onClose` is closed at once when it is %s, and the edge receives both",
    (reason) => {
      const { session, callOnClose, end, received } = startedSession(undefined);
      end(reason);
      expect(session.getSnapshot()).toMatchObject({ value: "closed", status: "done" });
      expect(received).toEqual([closing(reason), CLOSED]);
      expect(callOnClose.count).toBe(0);
    },
  );

  test("calls its `onClose` with its id, and is closed when that was answered", async () => {
    const { session, callOnClose, end, received, state } = startedSession(ON_CLOSE);
    end();
    expect(state()).toBe("closing");
    expect(received).toEqual([closing("ended")]);
    expect(callOnClose.all.map(({ input }) => input)).toEqual([{ id: "s", ...ON_CLOSE }]);
    await callOnClose.succeed();
    expect(session.getSnapshot().status).toBe("done");
    expect(received).toEqual([closing("ended"), CLOSED]);
  });

  test("has the edge end its requests before its `onClose` is called", () => {
    const order: string[] = [];
    const callOnClose = fromPromise<void, OnCloseCall>(async () => {
      order.push("called");
    });
    const session = createActor(sessionMachine.provide({ actors: { callOnClose } }), {
      input: {
        id: "s",
        expiresAt: 1000,
        onClose: ON_CLOSE,
        edge: { send: ({ type }) => order.push(type) },
      },
    }).start();
    session.send({ type: "session.end", id: "s", reason: "ended" });
    expect(order).toEqual(["session.closing", "called"]);
  });

  test("is closed when its `onClose` failed, too, and keeps why", async () => {
    const { session, callOnClose, end, received, context } = startedSession(ON_CLOSE);
    end();
    await callOnClose.fail("connection refused");
    expect(session.getSnapshot().status).toBe("done");
    expect(context().lastError).toBe("connection refused");
    expect(received.at(-1)).toEqual(CLOSED);
  });

  test("that is closing is neither used nor ended again", () => {
    const { callOnClose, use, end, received, state, context } = startedSession(ON_CLOSE);
    end();
    use(9000);
    end("expired");
    expect(state()).toBe("closing");
    expect(context()).toMatchObject({ expiresAt: 1000, used: 0 });
    expect(received).toEqual([closing("ended")]);
    expect(callOnClose.count).toBe(1);
  });
});
