import { describe, expect, test } from "vitest";
import { History, stateAt } from "../../../../src/inspector/page/history.js";
import type { EventRecord } from "../../../../src/inspector/recorder/frames.js";
import { actorRow, BEGAN, eventRecord } from "../../support/frames.js";

function historyOf(records: readonly EventRecord[], capacity = 100): History {
  const history = new History(capacity);
  for (const record of records) history.add(record);
  return history;
}

describe("looking back", () => {
  const history = historyOf([
    eventRecord(1, { state: "loading", context: { maxPerf: 0 } }),
    eventRecord(2, { ref: "model", state: { log: "quiet", health: "idle" } }),
    eventRecord(3, { state: "loading" }),
    eventRecord(4, { state: "ready", context: { maxPerf: 9 }, edges: ["e1"] }),
    eventRecord(5, { ref: "session", event: "xstate.init", state: "open" }),
    eventRecord(6, { ref: "session", event: "xstate.stop", state: "closed", status: "stopped" }),
  ]);

  test("an actor is in the state of its last record until then", () => {
    expect(history.pastAt(3).moments.get("worker")?.state).toBe("loading");
    expect(history.pastAt(4).moments.get("worker")).toMatchObject({ state: "ready", edges: ["e1"] });
    expect(history.pastAt(6).moments.get("worker")?.state).toBe("ready");
  });

  test("its state has lasted since the first of the records in a row that have it", () => {
    expect(history.pastAt(3).moments.get("worker")?.since).toBe(BEGAN + 10);
    expect(history.pastAt(6).moments.get("worker")?.since).toBe(BEGAN + 40);
  });

  test("its context is the last one that was recorded", () => {
    expect(history.pastAt(3).moments.get("worker")?.context).toEqual({ maxPerf: 0 });
    expect(history.contextOf("worker", 3)).toEqual({ maxPerf: 0 });
    expect(history.contextOf("worker", 4)).toEqual({ maxPerf: 9 });
    expect(history.contextOf("worker")).toEqual({ maxPerf: 9 });
    expect(history.contextOf("model")).toBeUndefined();
  });

  test("an actor that began later is not there yet", () => {
    expect(history.pastAt(4).unborn).toEqual(new Set(["session"]));
    expect(history.pastAt(5).unborn).toEqual(new Set());
  });

  test("an actor that ended before has its end for a state", () => {
    expect(history.pastAt(6).moments.get("session")?.status).toBe("stopped");
  });

  test("an actor whose records come later only was there, in an unknown state", () => {
    const past = history.pastAt(1);
    expect(past.moments.has("model")).toBe(false);
    expect(past.unborn.has("model")).toBe(false);
    expect(past.later.has("model")).toBe(true);
  });

  test("before all records the state is unknown", () => {
    expect(history.pastAt(0)).toMatchObject({ at: BEGAN + 10, moments: new Map() });
  });
});

test("what the ring has dropped is unknown", () => {
  const history = historyOf(
    [eventRecord(1, { ref: "model", state: "idle" }), eventRecord(2), eventRecord(3)],
    2,
  );
  expect(history.pastAt(3).moments.has("model")).toBe(false);
  expect(history.entryOf(1)).toBeUndefined();
});

test("a record comes with the state before it, which the same actor was in", () => {
  const history = historyOf([
    eventRecord(1, { state: "loading" }),
    eventRecord(2, { ref: "model", state: "idle" }),
    eventRecord(3, { state: "ready" }),
  ]);
  expect([1, 2, 3].map((n) => history.entryOf(n)?.before)).toEqual([undefined, undefined, "loading"]);
});

test("a record that is there already is not added again", () => {
  const history = historyOf([eventRecord(1), eventRecord(2), eventRecord(1), eventRecord(2), eventRecord(3)]);
  expect(history.entries.end - history.entries.start).toBe(3);
  expect(history.lastN).toBe(3);
});

test("a record is found next to places where some are missing", () => {
  const history = historyOf([eventRecord(1)]);
  history.addGap(BEGAN + 15, { worker: 7 });
  history.addGap(BEGAN + 16, {});
  history.add(eventRecord(2));
  history.addGap(BEGAN + 25, { worker: 1 });
  expect(history.entries.end).toBe(4);
  expect([1, 2, 3].map((n) => history.entryOf(n)?.record.n)).toEqual([1, 2, undefined]);
});

test("the last entry at a time is found, and none before the first", () => {
  const history = historyOf([eventRecord(1), eventRecord(2), eventRecord(3)]);
  expect([5, 10, 29, 1000].map((ms) => history.positionAt(BEGAN + ms))).toEqual([-1, 0, 1, 2]);
});

describe("an actor's state at a record", () => {
  const row = actorRow("model", { state: "idle", since: BEGAN + 25 });
  const history = historyOf([
    eventRecord(1),
    eventRecord(2, { ref: "model", state: "asking" }),
    eventRecord(3),
    eventRecord(4),
  ]);
  const stateOf = (n: number) => stateAt(row, history.pastAt(n))?.state;

  test("is the present one, where that has lasted since before then", () => {
    expect([3, 4].map(stateOf)).toEqual(["idle", "idle"]);
  });

  test("is the one that the records have for earlier times", () => {
    expect(stateOf(2)).toBe("asking");
  });

  test("is unknown before the records begin", () => {
    expect(stateAt(row, history.pastAt(1))).toBeUndefined();
  });

  test("is the one before a change in the same moment, but later", () => {
    const changed = actorRow("worker", { state: "ready", since: BEGAN + 10 });
    const past = historyOf([
      eventRecord(1, { state: "loading" }),
      eventRecord(2, { state: "ready", at: BEGAN + 10 }),
    ]).pastAt(1);
    expect(stateAt(changed, past)?.state).toBe("loading");
  });
});
