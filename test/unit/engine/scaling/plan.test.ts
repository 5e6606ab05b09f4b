import { describe, expect, test } from "vitest";
import { plan } from "../../../../src/engine/scaling/plan.js";
import { fleet, workers } from "./support/fleet.js";

const nothing = {
  activate: [],
  redirect: [],
  deactivate: [],
  recruit: { active: 0, inactive: 0 },
  release: [],
  replace: [],
};

describe("target_util", () => {
  test("a load of 900 wants 1000 at 0.9, and nothing is to be done where that is there", () => {
    const { wanted, ...todo } = plan(
      fleet({ target_util: 0.9 }, { load: 900, workers: workers(10, "active") }),
    );
    expect(wanted.activeCapacity).toBeCloseTo(1000);
    expect(todo).toEqual(nothing);
  });

  test.each([
    [0.9, 11.1],
    [0.8, 25],
    [0.5, 100],
    [0.4, 150],
  ])("%d leaves %d percent to spare", (target_util, spare) => {
    const { wanted } = plan(fleet({ target_util }, { load: 900 }));
    expect((wanted.activeCapacity / 900 - 1) * 100).toBeCloseTo(spare, 1);
  });

  test("what is missing is created where no worker is inactive, and not requested twice", () => {
    const before = fleet({}, { load: 900, workers: workers(4, "active") });
    expect(plan(before).recruit).toEqual({ active: 6, inactive: 0 });
    const rising = workers(6, "rising", { from: 5, capacity: 0 });
    expect(plan({ ...before, workers: [...before.workers, ...rising] })).toMatchObject(nothing);
  });

  test("what is missing is activated where workers are inactive, the best price for its performance first", () => {
    const active = workers(9, "active");
    const dear = workers(1, "inactive", { from: 20, price: 3 });
    const cheap = workers(1, "inactive", { from: 30, price: 1.5, capacity: 200 });
    const { activate, recruit } = plan(fleet({}, { load: 900, workers: [...active, ...dear, ...cheap] }));
    expect(activate).toEqual([30]);
    expect(recruit).toEqual({ active: 0, inactive: 0 });
  });

  test("a worker that rises to be inactive is redirected before one is created", () => {
    const rising = workers(3, "rising", { from: 10, risesTo: "inactive" });
    const before = fleet({}, { load: 900, workers: [...workers(8, "active"), ...rising] });
    expect(plan(before)).toMatchObject({
      ...nothing,
      redirect: [
        { id: 10, risesTo: "active" },
        { id: 11, risesTo: "active" },
      ],
    });
  });

  test("a worker that rises to serve and is not needed any more will be inactive", () => {
    const rising = workers(3, "rising", { from: 20 });
    const before = fleet({ cold_mult: 2 }, { load: 900, workers: [...workers(10, "active"), ...rising] });
    expect(plan(before)).toMatchObject({
      redirect: [
        { id: 22, risesTo: "inactive" },
        { id: 21, risesTo: "inactive" },
      ],
      deactivate: [],
    });
  });

  test("while no worker was measured, they are created one at a time", () => {
    const before = fleet({}, { load: 900, expectedCapacity: 0 });
    expect(plan(before).recruit).toEqual({ active: 1, inactive: 0 });
    expect(plan({ ...before, workers: workers(1, "rising", { capacity: 0 }) })).toMatchObject(nothing);
  });
});

describe("the capacity held inactive", () => {
  test("an active capacity of 100 and a cold_mult of 2 want 200 in total, 100 of it inactive", () => {
    const { wanted, recruit } = plan(fleet({ cold_mult: 2 }, { load: 90, workers: workers(1, "active") }));
    expect(wanted).toMatchObject({ activeCapacity: 100, totalCapacity: 200 });
    expect(recruit).toEqual({ active: 0, inactive: 1 });
  });

  test("a min_cold_load of 300 wants 200 inactive beside an active capacity of 100", () => {
    const { wanted, recruit } = plan(
      fleet({ cold_mult: 2, min_cold_load: 300 }, { load: 90, workers: workers(1, "active") }),
    );
    expect(wanted).toMatchObject({ activeCapacity: 100, totalCapacity: 300 });
    expect(recruit).toEqual({ active: 0, inactive: 2 });
  });

  test("cold_workers are kept, active or not, when the load wants fewer", () => {
    const before = fleet({ cold_workers: 5, min_load: 1 }, { workers: workers(1, "active") });
    expect(plan(before).recruit).toEqual({ active: 0, inactive: 4 });
    const held = [...before.workers, ...workers(4, "inactive", { from: 2 })];
    expect(plan({ ...before, workers: held })).toMatchObject(nothing);
  });
});

describe("min_load", () => {
  test("is what the active capacity never falls below", () => {
    const before = fleet({ min_load: 250 }, { workers: workers(5, "active") });
    expect(plan(before).deactivate).toHaveLength(2);
    expect(plan({ ...before, workers: [] }).recruit.active).toBe(3);
  });

  test("of 0 lets all become inactive", () => {
    expect(plan(fleet({ min_load: 0, cold_workers: 3 }, { workers: workers(3, "active") }))).toMatchObject({
      ...nothing,
      deactivate: [3, 2, 1],
    });
  });
});

describe("inactivity_timeout", () => {
  const quiet = (inactivity_timeout: number | undefined, given: object = {}) =>
    plan(
      fleet({ inactivity_timeout, cold_workers: 2 }, { load: 5, workers: workers(2, "active"), ...given }),
    );

  test("unset: the rolling average of the load decides", () => {
    expect(quiet(undefined, { idleSeconds: 3600 }).deactivate).toEqual([2]);
    expect(quiet(undefined, { idleSeconds: 3600, load: 0.01 }).deactivate).toEqual([2, 1]);
  });

  test("60: one worker serves until there was no request for a minute, and then none", () => {
    expect(quiet(60, { idleSeconds: 59, load: 0 }).deactivate).toEqual([2]);
    expect(quiet(60, { idleSeconds: 60 }).deactivate).toEqual([2, 1]);
  });

  test("0: without waiting for the average to fall", () => {
    expect(quiet(0, { idleSeconds: 0 }).deactivate).toEqual([2, 1]);
  });

  test("a request that is being worked on is no idleness", () => {
    const busy = workers(1, "active", { load: 50 });
    expect(quiet(0, { idleSeconds: 100, workers: busy }).deactivate).toEqual([]);
  });

  test("negative: one worker always serves", () => {
    expect(quiet(-1, { idleSeconds: 1e6, load: 0 }).deactivate).toEqual([2]);
    expect(quiet(-1, { idleSeconds: undefined, load: 0, workers: workers(2, "inactive") }).activate).toEqual([
      1,
    ]);
  });

  test("min_load and cold_workers stay floors", () => {
    const { deactivate, release } = plan(
      fleet(
        { inactivity_timeout: 60, min_load: 150, cold_workers: 3 },
        { idleSeconds: 1e6, workers: workers(4, "active") },
      ),
    );
    expect(deactivate).toHaveLength(2);
    expect(release).toEqual([]);
  });

  test("a request that waits wakes one worker up, though there is hardly any load yet", () => {
    expect(quiet(0, { load: 0, waiting: 1, workers: workers(2, "inactive") }).activate).toEqual([1]);
    expect(quiet(0, { load: 0, waiting: 1, workers: [] }).recruit).toEqual({ active: 1, inactive: 1 });
  });
});

describe("max_workers", () => {
  test("is a hard cap, whatever the load", () => {
    const before = fleet({ max_workers: 7, cold_mult: 3 }, { load: 1e6, workers: workers(4, "active") });
    expect(plan(before).recruit).toEqual({ active: 3, inactive: 0 });
  });

  test("goes before cold_workers", () => {
    const { recruit } = plan(fleet({ max_workers: 2, cold_workers: 5, min_load: 1 }));
    expect(recruit).toEqual({ active: 1, inactive: 1 });
  });

  test("made smaller, it takes failed workers away first, then those that do not serve, then the dearest", () => {
    const before = fleet(
      { max_workers: 2 },
      {
        load: 1000,
        workers: [
          ...workers(3, "active"),
          ...workers(1, "active", { from: 10, price: 2 }),
          ...workers(1, "rising", { from: 20, risesTo: "inactive" }),
          ...workers(1, "failed", { from: 30 }),
        ],
      },
    );
    expect(plan(before).release).toEqual([30, 20, 10, 3]);
  });
});

describe("target_queue_time", () => {
  const queueing = (seconds: number) => [
    ...workers(4, "active", { load: 100 * seconds }),
    ...workers(10, "inactive", { from: 11 }),
  ];

  test("a shorter expected queue adds nothing", () => {
    const before = fleet({ target_queue_time: 10, cold_mult: 3.5 }, { load: 360, workers: queueing(10) });
    expect(plan(before)).toMatchObject(nothing);
  });

  test("a longer one adds what works it off in that time", () => {
    const before = fleet({ target_queue_time: 10, cold_mult: 3.5 }, { load: 360, workers: queueing(15) });
    const { activate, wanted } = plan(before);
    expect(wanted.activeCapacity).toBeCloseTo(400 + (4 * 1500) / 10);
    expect(wanted.reason).toBe(
      "a load of 360 at a utilisation of 0.9, and a queue of 15 s, over target_queue_time of 10 s",
    );
    expect(activate).toHaveLength(6);
  });

  test("what waits at the engine is part of the queue", () => {
    const before = fleet({ target_queue_time: 10 }, { load: 360, waiting: 5000, workers: queueing(5) });
    expect(plan(before).wanted.activeCapacity).toBeCloseTo(400 + 7000 / 10);
  });

  test("the queue alone creates at most as much again as the load wants", () => {
    const before = fleet({}, { load: 360, waiting: 1e6, workers: workers(4, "active") });
    expect(plan(before).recruit.active).toBe(4);
  });

  test("no worker is deactivated that the queue still needs", () => {
    const before = fleet(
      { target_queue_time: 10 },
      { load: 90, workers: workers(10, "active", { load: 500 }) },
    );
    // 110 for the load and its slack, and 500 for the queue.
    expect(plan(before).deactivate).toHaveLength(3);
  });
});

describe("scaling down", () => {
  test("sends the worst price for its performance to rest first, and destroys it first", () => {
    const before = fleet(
      {},
      {
        load: 90,
        workers: [
          ...workers(1, "active", { from: 1, price: 1 }),
          ...workers(1, "active", { from: 2, price: 2, capacity: 300 }),
          ...workers(1, "active", { from: 3, price: 2 }),
        ],
      },
    );
    expect(plan(before).deactivate).toEqual([3, 1]);
    const held = before.workers.map((worker) => ({ ...worker, condition: "inactive" as const }));
    const resting = fleet({ min_cold_load: 100 }, { workers: held });
    expect(plan(resting).release).toEqual([3, 1]);
  });

  test("leaves capacity that exceeds what is wanted by less than the slack", () => {
    expect(plan(fleet({}, { load: 900, workers: workers(11, "active") })).deactivate).toEqual([]);
    expect(plan(fleet({}, { load: 900, workers: workers(12, "active") })).deactivate).toEqual([12]);
  });

  test("does not count on workers that only rise yet", () => {
    const rising = workers(10, "rising", { from: 20 });
    const before = fleet({}, { load: 900, workers: [...workers(10, "active"), ...rising] });
    expect(plan(before).deactivate).toEqual([]);
  });
});

describe("failed workers", () => {
  test("are replaced, and serve again where no other worker can", () => {
    const failed = workers(1, "failed", { from: 10 });
    const before = fleet({}, { load: 900, workers: [...workers(9, "active"), ...failed] });
    expect(plan(before)).toMatchObject({ ...nothing, replace: [{ id: 10, risesTo: "active" }] });
  });

  test("are replaced to be held, where an inactive one steps in", () => {
    const before = fleet(
      { cold_mult: 1.1 },
      {
        load: 900,
        workers: [
          ...workers(9, "active"),
          ...workers(1, "failed", { from: 10 }),
          ...workers(1, "inactive", { from: 11 }),
        ],
      },
    );
    expect(plan(before)).toMatchObject({
      ...nothing,
      activate: [11],
      replace: [{ id: 10, risesTo: "inactive" }],
    });
  });

  test("are destroyed where they are not needed", () => {
    const held = workers(3, "inactive", { from: 11 });
    const failed = workers(2, "failed", { from: 21 });
    const before = fleet({}, { load: 900, workers: [...workers(10, "active"), ...held, ...failed] });
    expect(plan(before)).toMatchObject({ ...nothing, release: [21, 22] });
  });
});
