import { expect, test } from "vitest";
import { StatelyActors } from "../../../../src/inspector/server/stately-actors.js";
import type { StatelyMessage } from "../../../../src/inspector/server/stately-format.js";
import { actorOf, eventOf, helloOf, tickOf } from "../../../support/inspect-frames.js";

const WORKER = actorOf({ ref: "x:0", id: "worker", kind: "worker", state: "loading" });

/** Messages in short, oldest first. */
function reported(hello = helloOf({ actors: [WORKER] }), after = -1) {
  const lines: string[] = [];
  const note = (message: StatelyMessage): void => {
    const { type, sessionId } = message;
    if (type === "@xstate.actor") lines.push(`actor ${message.name} ${sessionId} of ${message.parentId}`);
    if (type === "@xstate.event") lines.push(`${sessionId} ${message.event.type} from ${message.sourceId}`);
    if (type === "@xstate.snapshot") {
      const { status, value, context } = message.snapshot;
      lines.push(`${sessionId} is ${status} ${JSON.stringify(value)} ${JSON.stringify(context)}`);
    }
  };
  const actors = new StatelyActors(hello.charts, after, note);
  actors.hello(hello);
  return { actors, lines, next: () => lines.splice(0) };
}

test("parents are reported before their children, in whatever order they come", () => {
  const { actors, next } = reported();
  expect(next()).toEqual(["actor worker x:0 of undefined"]);
  actors.tick(
    tickOf([], {
      actors: [
        actorOf({ ref: "x:3", id: "session.a", kind: "session", parent: "x:2" }),
        actorOf({ ref: "x:2", id: "sessions", kind: "sessions", parent: "x:0" }),
      ],
    }),
  );
  expect(next()).toEqual(["actor sessions x:2 of x:0", "actor session.a x:3 of x:2"]);
});

test("a context that stays the same is sent with every snapshot", () => {
  const { actors, next } = reported();
  actors.tick(tickOf([eventOf(1, { state: "a", context: { load: 1 } }), eventOf(2, { state: "b" })]));
  expect(next().filter((line) => line.includes(" is "))).toEqual([
    'x:0 is active "a" {"load":1}',
    'x:0 is active "b" {"load":1}',
  ]);
});

test("an actor that started and ended between two frames is reported by its start, as its sender's child", () => {
  const { actors, next } = reported();
  next();
  actors.tick(
    tickOf([eventOf(1, { ref: "x:9", actor: "session.b", sender: "worker", event: "xstate.init" })]),
  );
  expect(next()).toEqual([
    "actor session.b x:9 of x:0",
    "x:9 xstate.init from x:0",
    "x:9 is active undefined undefined",
  ]);
});

test("a sender is the actor that has the name at that time", () => {
  const queue = (ref: string) => actorOf({ ref, id: "queue.a", kind: "queue", parent: "x:0" });
  const { actors, lines } = reported();
  actors.tick(tickOf([eventOf(1, { sender: "queue.a" })], { actors: [queue("x:4")] }));
  actors.tick(tickOf([], { gone: ["x:4"] }));
  actors.tick(tickOf([eventOf(2, { sender: "queue.a" })]));
  actors.tick(tickOf([eventOf(3, { sender: "queue.a" })], { actors: [queue("x:5")] }));
  expect(lines.filter((line) => line.includes(" from "))).toEqual([
    "x:0 event.1 from x:4",
    "x:0 event.2 from undefined",
    "x:0 event.3 from x:5",
  ]);
});

test("where events were left out the state is sent all the same, once", () => {
  const { actors, next } = reported();
  next();
  const ready = { actors: [{ ...WORKER, state: "ready" }] };
  actors.tick(tickOf([], { ...ready, leftOut: { "x:0": 5 } }));
  actors.tick(tickOf([], ready));
  expect(next()).toEqual(['x:0 is active "ready" undefined']);
});

test("an actor that has ended is shown as stopped, unless its end was sent", () => {
  const { actors, next } = reported();
  next();
  actors.tick(tickOf([], { gone: ["x:0"] }));
  expect(next()).toEqual(['x:0 is stopped "loading" undefined']);
  const other = reported();
  other.actors.tick(tickOf([eventOf(1, { status: "done", state: "stopped" })], { gone: ["x:0"] }));
  expect(other.next().slice(1)).toEqual(["x:0 event.1 from undefined", 'x:0 is done "stopped" undefined']);
});

test("actors of the past that are no longer alive are shown as stopped", () => {
  const { next } = reported(
    helloOf({ actors: [WORKER], records: [eventOf(1, { ref: "x:7", actor: "session.c", state: "open" })] }),
  );
  expect(next().at(-1)).toBe('x:7 is stopped "open" undefined');
});

test("records that were sent before are not sent again", () => {
  const { actors, next } = reported(helloOf({ actors: [WORKER], records: [eventOf(4), eventOf(5)] }), 4);
  expect(next().filter((line) => line.includes(" from "))).toEqual(["x:0 event.5 from undefined"]);
  actors.tick(tickOf([eventOf(5), eventOf(6)]));
  expect(next().filter((line) => line.includes(" from "))).toEqual(["x:0 event.6 from undefined"]);
});

test("an actor whose message was lost is reported again before anything else, and only once", () => {
  const { actors, next } = reported();
  next();
  actors.lost("x:0");
  actors.lost("unknown");
  actors.tick(tickOf([eventOf(1), eventOf(2)]));
  expect(next().filter((line) => line.startsWith("actor"))).toEqual(["actor worker x:0 of undefined"]);
  actors.lost("x:0");
  actors.sendLost(0);
  actors.sendLost(0);
  expect(next()).toEqual(["actor worker x:0 of undefined"]);
});

test("a payload that is no object is beside the event's type", () => {
  const events: unknown[] = [];
  const actors = new StatelyActors({}, -1, (message) => {
    if (message.type === "@xstate.event") events.push(message.event);
  });
  actors.hello(helloOf({ records: [eventOf(1, { event: "big", payload: "(too large)" })] }));
  expect(events).toEqual([{ type: "big", payload: "(too large)" }]);
});
