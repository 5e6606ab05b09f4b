import { describe, expect, test } from "vitest";
import { exportRecording } from "../../../../src/inspector/page/export-recording.js";
import { Store } from "../../../../src/inspector/page/store.js";
import { parseRecording, serializeRecording } from "../../../../src/inspector/recorder/recording.js";
import { actorRow, BEGAN, errorRecord, eventRecord, hello, tick } from "../../support/frames.js";

/** A store, and its animation frames. */
function startedStore() {
  const waiting: (() => void)[] = [];
  const store = new Store((run) => waiting.push(run));
  return {
    store,
    frames: () => waiting.length,
    draw: () => {
      for (const run of waiting.splice(0)) run();
    },
    count: () => store.history.entries.end - store.history.entries.start,
  };
}

test("frames are applied together, once per animation frame", () => {
  const { store, frames, draw, count } = startedStore();
  let updates = 0;
  store.version.subscribe(() => {
    updates += 1;
  });
  store.receive(hello({ records: [eventRecord(1)] }));
  store.receive(tick({ records: [eventRecord(2)] }));
  store.receive(tick({ records: [eventRecord(3)] }));
  expect(frames()).toBe(1);
  expect(count()).toBe(0);
  draw();
  expect(count()).toBe(3);
  // The first call of a subscriber comes at once.
  expect(updates).toBe(2);
});

test("actors come, change and go", () => {
  const { store, draw } = startedStore();
  store.receive(hello({ actors: [actorRow("worker"), actorRow("a")] }));
  store.receive(tick({ actors: [actorRow("a", { state: "closing" }), actorRow("b")], gone: ["b"] }));
  draw();
  expect(Array.from(store.actors.alive(), ({ row }) => row.ref)).toEqual(["worker", "a"]);
  expect(store.actors.get("a")?.row.state).toBe("closing");
  expect(store.actors.rowOf("b")?.ref).toBe("b");
});

test("an actor's rate is measured over a second", () => {
  const { store, draw } = startedStore();
  store.receive(hello({ actors: [actorRow("a", { events: 100 })] }));
  store.receive(tick({ at: BEGAN + 500, actors: [actorRow("a", { events: 120 })] }));
  store.receive(tick({ at: BEGAN + 2000, actors: [actorRow("a", { events: 150 })] }));
  draw();
  expect(store.actors.get("a")?.rate).toBe(25);
});

test("samples of ten minutes are kept", () => {
  const { store, draw } = startedStore();
  store.receive(hello());
  const sample = { outcomes: {} } as never;
  for (let each = 0; each < 700; each += 1) store.receive(tick({ sample }));
  draw();
  expect(store.samples.value).toHaveLength(600);
});

test("equal errors are one group, which is counted", () => {
  const { store, draw } = startedStore();
  store.receive(hello({ records: [errorRecord(1), errorRecord(2, { message: "other" }), errorRecord(3)] }));
  draw();
  expect(store.errors.newest().map(({ last, count }) => [last.n, count])).toEqual([
    [3, 2],
    [2, 1],
  ]);
  expect(store.actors.errorsOf("worker")).toBe(3);
});

describe("a pause", () => {
  test("holds back new frames, and counts them; resuming applies them", () => {
    const { store, draw, count } = startedStore();
    store.receive(hello({ records: [eventRecord(1)] }));
    draw();
    store.pause();
    store.receive(tick({ records: [eventRecord(2), eventRecord(3)] }));
    draw();
    expect([count(), store.held.value]).toEqual([1, 2]);
    expect(store.resume()).toBe(false);
    draw();
    expect([count(), store.held.value]).toEqual([3, 0]);
  });

  test("holds back what had come but was not drawn yet", () => {
    const { store, draw, count } = startedStore();
    store.receive(hello({ records: [eventRecord(1)] }));
    store.pause();
    draw();
    expect(count()).toBe(0);
    store.resume();
    draw();
    expect(count()).toBe(1);
  });

  test("in which too many frames came keeps none of them, and requests a new connection", () => {
    const { store, draw, count } = startedStore();
    store.receive(hello());
    draw();
    store.pause();
    for (let n = 1; n <= 20_001; n += 1) store.receive(tick({ records: [eventRecord(n)] }));
    expect(store.held.value).toBe(20_001);
    expect(store.resume()).toBe(true);
    draw();
    expect(count()).toBe(0);
    expect(store.resume()).toBe(false);
  });
});

describe("a second hello", () => {
  test("of the same worker keeps the past, and counts what was missed in between", () => {
    const { store, draw, count } = startedStore();
    store.receive(hello({ records: [eventRecord(1), eventRecord(2)] }));
    store.receive(hello({ records: [eventRecord(2), eventRecord(3)] }));
    draw();
    expect(count()).toBe(3);
    store.receive(hello({ records: [eventRecord(10)] }));
    draw();
    expect(store.history.entries.at(3)).toMatchObject({ kind: "gap", counts: { "": 6 } });
    expect(count()).toBe(5);
  });

  test("of the same worker drops actors that have ended in between", () => {
    const { store, draw } = startedStore();
    store.receive(hello({ actors: [actorRow("worker"), actorRow("a")] }));
    store.receive(hello({ actors: [actorRow("worker")] }));
    draw();
    expect(store.actors.size).toBe(1);
  });

  test("of another worker begins from nothing, in the present", () => {
    const { store, draw, count } = startedStore();
    store.receive(hello({ records: [eventRecord(50), errorRecord(51)] }));
    draw();
    store.cursor.value = 50;
    store.receive(hello({ startedAt: BEGAN + 1, records: [eventRecord(1)] }));
    draw();
    expect([count(), store.errors.total, store.cursor.value]).toEqual([1, 0, undefined]);
  });
});

test("at the cursor all actors are as they were; without one it is now", () => {
  const { store, draw } = startedStore();
  store.receive(
    hello({ records: [eventRecord(1, { state: "loading" }), eventRecord(2, { state: "ready" })] }),
  );
  draw();
  expect(store.past.value).toBeUndefined();
  store.cursor.value = 1;
  expect(store.past.value?.moments.get("worker")?.state).toBe("loading");
});

test("what a store holds, written down and read again, is the same to another store", () => {
  const { store, draw } = startedStore();
  store.receive(hello({ actors: [actorRow("worker", { state: "ready" }), actorRow("a")] }));
  store.receive(tick({ at: BEGAN + 20, records: [eventRecord(1), eventRecord(2)], leftOut: { worker: 5 } }));
  store.receive(tick({ at: BEGAN + 90, records: [errorRecord(3), eventRecord(4)], gone: ["a"] }));
  draw();
  const { hello: first, ticks } = parseRecording(serializeRecording(exportRecording(store)));

  const other = startedStore();
  for (const frame of [first, ...ticks]) other.store.receive(frame);
  other.draw();
  const entriesOf = ({ history }: Store) =>
    Array.from({ length: history.entries.end }, (_, position) => history.entries.at(position));
  expect(entriesOf(other.store)).toEqual(entriesOf(store));
  expect(other.store.at.value).toBe(BEGAN + 90);
  expect(other.store.errors.total).toBe(1);
  expect(Array.from(other.store.actors.alive(), ({ row }) => row.ref)).toEqual(["worker"]);
  expect(other.store.actors.rowOf("a")?.id).toBe("a");
});
