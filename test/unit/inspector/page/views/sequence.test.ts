import { describe, expect, test } from "vitest";
import { MOST_ARROWS, sequenceOf, within } from "../../../../../src/inspector/page/views/sequence.js";
import type { EventRecord } from "../../../../../src/inspector/recorder/frames.js";

let n = 0;
const record = (changes: Partial<EventRecord> = {}): EventRecord => {
  n++;
  const actor = changes.actor ?? "worker";
  return {
    kind: "event",
    n,
    at: 0,
    ref: actor,
    actor,
    sender: undefined,
    event: "something.happened",
    payload: {},
    status: "active",
    state: undefined,
    edges: [],
    ...changes,
  };
};

test("actors are in the order in which they first take part, and outside is one of them", () => {
  const { actors } = sequenceOf([
    record({ sender: "model", actor: "worker" }),
    record({ actor: "edge" }),
    record({ sender: "worker", actor: "model" }),
  ]);
  expect(actors).toEqual(["model", "worker", "outside", "edge"]);
});

describe("an arrow", () => {
  test("leads from the sender to the receiver", () => {
    const { arrows } = sequenceOf([record({ sender: "edge", actor: "worker" })]);
    expect(arrows[0]).toMatchObject({ from: 0, to: 1, isTimer: false });
  });

  test("of a timer leads from the actor to itself, whichever sender is recorded", () => {
    const { actors, arrows } = sequenceOf([record({ event: "xstate.after.drainTimeout.worker.draining" })]);
    expect(actors).toEqual(["worker"]);
    expect(arrows[0]).toMatchObject({ from: 0, to: 0, isTimer: true });
  });

  test("comes after a pause that is shown when it is longer than a second", () => {
    const { arrows } = sequenceOf([record({ at: 0 }), record({ at: 1000 }), record({ at: 2001 })]);
    expect(arrows.map(({ pause }) => pause)).toEqual([undefined, undefined, 1001]);
  });

  test("begins where the one above it ends", () => {
    const { arrows, height } = sequenceOf([
      record({ state: "loading", event: "xstate.init" }),
      record({ at: 5000, state: "ready" }),
      record({ at: 5001, state: "ready" }),
    ]);
    let y = 0;
    for (const arrow of arrows) {
      expect(arrow.y).toBe(y);
      y += arrow.height;
    }
    expect(height).toBe(y);
  });
});

describe("a state is shown", () => {
  const reported = (...records: readonly EventRecord[]) =>
    sequenceOf(records).arrows.map(({ state }) => state);

  test("when it is another one than before", () => {
    expect(reported(record({ state: "a" }), record({ state: "a" }), record({ state: "b" }))).toEqual([
      undefined,
      undefined,
      "b",
    ]);
  });

  test("when an actor starts", () => {
    expect(reported(record({ event: "xstate.init", state: "a" }))).toEqual(["a"]);
  });

  test("when the first record of an actor is a transition", () => {
    expect(reported(record({ edges: ["1"], state: "a" }))).toEqual(["a"]);
  });

  test("without those of several that stay as they were", () => {
    expect(reported(record({ state: { x: "a", y: "b" } }), record({ state: { x: "a", y: "c" } }))).toEqual([
      undefined,
      "y.c",
    ]);
  });

  test("apart for actors of the same id: one may have taken the place of another", () => {
    expect(
      reported(record({ ref: "1", state: "a" }), record({ ref: "2", event: "xstate.init", state: "a" })),
    ).toEqual([undefined, "a"]);
  });
});

test("only the newest events are drawn, and the others are counted", () => {
  const records = Array.from({ length: MOST_ARROWS + 20 }, () => record());
  const { arrows, leftOut } = sequenceOf(records);
  expect(arrows).toHaveLength(MOST_ARROWS);
  expect(arrows.at(-1)?.record).toBe(records.at(-1));
  expect(leftOut).toBe(20);
});

test("the arrows in view are those that touch it", () => {
  const { arrows } = sequenceOf(Array.from({ length: 10 }, () => record()));
  const height = arrows[0]?.height ?? 0;
  expect(within(arrows, height * 2, height * 4)).toEqual(arrows.slice(2, 4));
  expect(within(arrows, height * 2 - 1, height * 4 + 1)).toEqual(arrows.slice(1, 5));
  expect(within(arrows, height * 10, height * 20)).toEqual([]);
});

test("the selected actor stands first, and no actor that only started has a column", () => {
  const started = ["edge", "queue.a", "queue.b"].map((actor) =>
    record({ sender: "worker", actor, event: "xstate.init" }),
  );
  const records = [
    record({ sender: "key", event: "key.held" }),
    ...started,
    record({ sender: "worker", actor: "edge" }),
  ];
  const { actors, folds } = sequenceOf(records, { selected: "worker", isFolded: true });
  expect(actors).toEqual(["worker", "key", "edge"]);
  expect(folds.map(({ text }) => text)).toEqual(["3 actors started: edge, queue.a, queue.b"]);
  expect(sequenceOf(records, { selected: "worker" }).actors).toContain("queue.b");
});

describe("repetitions", () => {
  const beat = (at: number, changes: Partial<EventRecord> = {}) =>
    record({ at, sender: "worker", actor: "reporter", event: "report.due", state: "gathering", ...changes });

  test("are folded from the second one on, up to what is new", () => {
    const records = [0, 2000, 4000, 6000, 8000].map((at) => beat(at));
    const failure = record({
      at: 8001,
      sender: "model",
      event: "model.failed",
      state: "errored",
      edges: ["ready/x/0"],
    });
    const { arrows, folds, height } = sequenceOf([...records, failure, beat(9000)], { isFolded: true });
    expect(arrows.map((arrow) => arrow.record)).toEqual([records[0], failure]);
    expect(folds.map(({ text }) => text)).toEqual([
      "4 repetitions in 6.00 s: 4 × report.due",
      "1 repetition: 1 × report.due",
    ]);
    const parts = [...arrows, ...folds].toSorted((one, other) => one.y - other.y);
    let y = 0;
    for (const part of parts) {
      expect(part.y).toBe(y);
      y += part.height;
    }
    expect(height).toBe(y);
  });

  test.each<[string, (index: number) => Partial<EventRecord>]>([
    ["of requests and sessions, which have ids", () => ({ payload: { id: "r" } })],
    ["that led to other states", (index) => ({ state: `state ${index}` })],
    ["that came from others", (index) => ({ sender: `sender ${index}` })],
    ["that changed the worker's state", () => ({ actor: "worker", state: "errored", edges: ["ready/x/0"] })],
  ])("are none %s", (_, changes) => {
    const records = Array.from({ length: 6 }, (_each, index) => beat(index, changes(index)));
    expect(sequenceOf(records, { isFolded: true }).arrows).toHaveLength(6);
  });

  test("are drawn one by one where they are few, or nothing is to be folded", () => {
    const records = [0, 1, 2].map((at) => beat(at));
    expect(sequenceOf(records, { isFolded: true }).arrows).toHaveLength(3);
    const more = [...records, beat(3), beat(4)];
    expect(sequenceOf(more).arrows).toHaveLength(5);
    expect(sequenceOf(more, { isFolded: true }).arrows).toHaveLength(1);
  });
});
