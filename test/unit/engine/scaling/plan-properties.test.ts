import { describe, expect, test } from "vitest";
import type { Fleet, FleetWorker } from "../../../../src/engine/scaling/fleet.js";
import { plan } from "../../../../src/engine/scaling/plan.js";
import { random } from "../../../../src/shared/random.js";
import { carriedOut, fleet } from "./support/fleet.js";

const CONDITIONS = ["rising", "active", "active", "inactive", "inactive", "failed"] as const;

/** A fleet that depends on nothing but the seed. */
function anyFleet(seed: number): Fleet {
  const draw = random(seed);
  const upTo = (most: number): number => Math.floor(draw() * (most + 1));
  const oneOf = <Item>(items: readonly [Item, ...Item[]]): Item => items[upTo(items.length - 1)] ?? items[0];
  const workers = Array.from(
    { length: upTo(40) },
    (_, index): FleetWorker => ({
      id: index + 1,
      condition: oneOf(CONDITIONS),
      capacity: oneOf([100, 100, 20 + upTo(200)]),
      load: upTo(1) * upTo(2000),
      price: 0.1 + draw(),
      risesTo: oneOf(["active", "inactive"]),
    }),
  );
  const parameters = {
    max_workers: upTo(60),
    cold_workers: upTo(10),
    min_load: oneOf([0, 1, 500]),
    target_util: oneOf([0.9, 0.5, 1]),
    cold_mult: oneOf([1, 2, 3]),
    min_cold_load: oneOf([0, 0, 800]),
    inactivity_timeout: oneOf([undefined, 0, 60, -1]),
  };
  return fleet(parameters, {
    workers,
    load: oneOf([0, upTo(5000), draw()]),
    waiting: oneOf([0, 0, upTo(5000)]),
    idleSeconds: oneOf([undefined, 0, 30, 3600]),
  });
}

const conditionOf = (before: Fleet, id: number) =>
  before.workers.find((worker) => worker.id === id)?.condition;
const seeds = Array.from({ length: 2000 }, (_, seed) => seed);

describe("whatever the fleet", () => {
  test("there are never more workers than max_workers", () => {
    for (const seed of seeds) {
      const before = anyFleet(seed);
      const after = carriedOut(before, plan(before));
      expect(after.workers.length, `seed ${seed}`).toBeLessThanOrEqual(before.parameters.max_workers);
    }
  });

  test("none is activated but the inactive, sent to rest but the active, replaced but the failed", () => {
    for (const seed of seeds) {
      const before = anyFleet(seed);
      const { activate, redirect, deactivate, replace } = plan(before);
      for (const id of activate) expect(conditionOf(before, id), `seed ${seed}`).toBe("inactive");
      for (const { id } of redirect) expect(conditionOf(before, id), `seed ${seed}`).toBe("rising");
      for (const id of deactivate) expect(conditionOf(before, id), `seed ${seed}`).toBe("active");
      for (const { id } of replace) expect(conditionOf(before, id), `seed ${seed}`).toBe("failed");
    }
  });

  test("no worker is in two parts of a plan", () => {
    for (const seed of seeds) {
      const { activate, redirect, deactivate, release, replace } = plan(anyFleet(seed));
      const ids = [...activate, ...deactivate, ...release, ...[...redirect, ...replace].map(({ id }) => id)];
      expect(new Set(ids).size, `seed ${seed}`).toBe(ids.length);
    }
  });

  test("the fleet that is passed stays as it is, and gives the same plan", () => {
    for (const seed of seeds.slice(0, 200)) {
      const before = anyFleet(seed);
      const answer = plan(before);
      expect(before).toEqual(anyFleet(seed));
      expect(plan(before)).toEqual(answer);
    }
  });

  test("no failed worker is dropped", () => {
    for (const seed of seeds) {
      const before = anyFleet(seed);
      const { release, replace } = plan(before);
      const failed = before.workers.filter(({ condition }) => condition === "failed");
      const met = new Set([...release, ...replace.map(({ id }) => id)]);
      expect(
        failed.filter(({ id }) => !met.has(id)),
        `seed ${seed}`,
      ).toEqual([]);
    }
  });

  test("a plan that is carried out is not taken back, and soon nothing is left to do", () => {
    for (const seed of seeds) {
      // A queue moves on by itself, and is not what this is about.
      const { workers, ...rest } = anyFleet(seed);
      let now: Fleet = { ...rest, waiting: 0, workers: workers.map((worker) => ({ ...worker, load: 0 })) };
      let asked = plan(now);
      for (let round = 0; round < 3; round += 1) {
        now = carriedOut(now, asked);
        const next = plan(now);
        const back = [
          ...next.activate.filter((id) => asked.deactivate.includes(id)),
          ...next.deactivate.filter((id) => asked.activate.includes(id)),
        ];
        // A new worker may send one to rest that served until it was there.
        if (asked.recruit.active === 0 && asked.replace.length === 0)
          expect(back, `seed ${seed}`).toEqual([]);
        asked = next;
      }
      expect(asked, `seed ${seed}`).toMatchObject({
        activate: [],
        redirect: [],
        deactivate: [],
        recruit: { active: 0, inactive: 0 },
        release: [],
        replace: [],
      });
    }
  });
});

test("a load that swings by a twentieth moves no worker once the fleet has settled", () => {
  const draw = random(7);
  let now = fleet({ cold_mult: 2 }, { load: 10_000 * 1.05 });
  for (let round = 0; round < 3; round += 1) now = carriedOut(now, plan(now));
  for (let round = 0; round < 500; round += 1) {
    now = { ...now, load: 10_000 * (0.96 + 0.09 * draw()) };
    const { activate, deactivate, recruit, release } = plan(now);
    expect([...activate, ...deactivate, ...release], `round ${round}`).toEqual([]);
    expect(recruit).toEqual({ active: 0, inactive: 0 });
  }
});
