import { expect } from "vitest";
import { test } from "../../support/cluster.js";
import { killWorkers } from "../../support/killed-workers.js";

test("workers that are killed at random lose no request of 50 clients that had not begun to stream", async ({
  cluster,
}) => {
  const toll = await killWorkers(cluster, { seed: 14, isOver: (kills) => kills === 2 });
  expect(toll).toMatchObject({ kills: 2, failed: [], servedTwice: [] });
  expect(Math.min(toll.plain, toll.streams)).toBeGreaterThanOrEqual(20);
  expect(toll.impatient).toBeGreaterThanOrEqual(10);
});
