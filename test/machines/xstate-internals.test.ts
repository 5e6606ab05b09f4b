import { describe, expect, test } from "vitest";
import { type AnyActorScope, createActor, fromPromise, SimulatedClock, type Snapshot, setup } from "xstate";
import {
  actorEndOf,
  cancelOwn,
  delayOf,
  isDelayEvent,
  isMachine,
  parentOf,
  scheduledEvents,
  scheduleOwn,
  transitionsOf,
} from "../../machines/xstate-internals.js";
import { settled } from "./support/settled.js";

/** A machine with a child and a timer; the events that it receives from xstate are kept. */
function started(task: () => Promise<string>) {
  const events: string[] = [];
  const clock = new SimulatedClock();
  const machine = setup({
    actors: { task: fromPromise<string>(task) },
    delays: { pause: 2000 },
    actions: { note: ({ event }) => events.push(event.type) },
  }).createMachine({
    id: "machine",
    initial: "working",
    states: {
      working: {
        invoke: { id: "task.one", src: "task", onDone: { actions: "note" }, onError: { actions: "note" } },
        after: { pause: { target: "inner", actions: "note" } },
        on: {
          go: [
            { guard: () => false, target: "inner" },
            { target: "inner", actions: "note" },
          ],
        },
      },
      inner: { after: { 500: { target: "working", actions: "note" } } },
    },
  });
  const actor = createActor(machine, { clock }).start();
  return { actor, machine, clock, events };
}

describe("the end of an actor", () => {
  test.each([
    ["done", () => Promise.resolve("well")],
    ["error", () => Promise.reject(new Error("badly"))],
  ])("is the event by which its parent receives it: %s", async (how, task) => {
    const { events } = started(task);
    await settled();
    expect(events.map(actorEndOf)).toEqual([{ how, actor: "task.one" }]);
  });

  test("is no other event", () => {
    for (const type of ["go", "xstate.init", "xstate.done.state.machine", "xstate.done.actor."]) {
      expect(actorEndOf(type)).toBeUndefined();
    }
    expect(actorEndOf("xstate.error.actor.*")).toEqual({ how: "error", actor: "*" });
  });
});

test("the event of an `after` transition has its delay, by name or in milliseconds", () => {
  const { clock, events } = started(() => new Promise(() => {}));
  clock.increment(2000);
  clock.increment(500);
  expect(events.map(isDelayEvent)).toEqual([true, true]);
  expect(delayOf(events[0] ?? "", "machine.working")).toBe("pause");
  expect(delayOf(events[1] ?? "", "machine.inner")).toBe("500");
  expect(delayOf("go", "machine.working")).toBeUndefined();
  expect(isDelayEvent("go")).toBe(false);
});

test("an actor's parent is the actor that started it", () => {
  const { actor } = started(() => new Promise(() => {}));
  const child = actor.getSnapshot().children["task.one"];
  expect(child && parentOf(child)).toBe(actor);
  expect(parentOf(actor)).toBeUndefined();
});

test("scheduled events are those of all actors of the system", () => {
  const { actor, clock } = started(() => new Promise(() => {}));
  const [event, ...others] = scheduledEvents(actor);
  expect(others).toEqual([]);
  expect(event).toMatchObject({ event: { type: "xstate.after.pause.machine.working" }, delay: 2000 });
  expect(event?.target).toBe(actor);
  expect(Math.abs(Date.now() - (event?.startedAt ?? 0))).toBeLessThan(60_000);
  clock.increment(2000);
  expect(scheduledEvents(actor)).toMatchObject([{ delay: 500 }]);
});

test("an event that an actor schedules for itself arrives after its delay, unless it is cancelled", () => {
  const received: string[] = [];
  const snapshot: Snapshot<undefined> = { status: "active", output: undefined, error: undefined };
  const clock = new SimulatedClock();
  const actor = createActor(
    {
      getInitialSnapshot: () => snapshot,
      getPersistedSnapshot: () => snapshot,
      transition: (_: Snapshot<undefined>, event: { type: string }, scope: AnyActorScope) => {
        received.push(event.type);
        if (event.type === "schedule") scheduleOwn(scope, { type: "later" }, 1000, "timer");
        if (event.type === "cancel") cancelOwn(scope, "timer");
        return snapshot;
      },
    },
    { clock },
  ).start();
  actor.send({ type: "schedule" });
  clock.increment(999);
  expect(received).toEqual(["schedule"]);
  clock.increment(1);
  expect(received).toEqual(["schedule", "later"]);
  actor.send({ type: "schedule" });
  actor.send({ type: "cancel" });
  clock.increment(5000);
  expect(received).toEqual(["schedule", "later", "schedule", "cancel"]);
  expect(scheduledEvents(actor)).toEqual([]);
});

test("an event's transitions are those whose guards hold", () => {
  const { actor, machine } = started(() => new Promise(() => {}));
  const [transition, ...others] = transitionsOf(machine, actor.getSnapshot(), { type: "go" });
  expect(others).toEqual([]);
  expect(transition?.source.id).toBe("machine.working");
  expect(transition?.target?.map(({ id }) => id)).toEqual(["machine.inner"]);
  expect(transition?.guard).toBeUndefined();
});

test("a machine is no other logic", () => {
  expect(isMachine(started(() => Promise.resolve("")).machine)).toBe(true);
  expect(isMachine(fromPromise(() => Promise.resolve("")))).toBe(false);
});
