import { describe, expect, test } from "vitest";
import { arrowsWithin, MOST_ARROWS, sequenceOf } from "../../../../../src/inspector/page/views/sequence.js";
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
  expect(arrowsWithin(arrows, height * 2, height * 4)).toEqual(arrows.slice(2, 4));
  expect(arrowsWithin(arrows, height * 2 - 1, height * 4 + 1)).toEqual(arrows.slice(1, 5));
  expect(arrowsWithin(arrows, height * 10, height * 20)).toEqual([]);
});
