import { expect } from "vitest";
import { test } from "../../support/cluster.js";
import { killWorkers } from "../../support/killed-workers.js";

const SECONDS = 60;

test("workers that are killed at random for a minute lose no request of 50 clients", {
  timeout: 300_000,
}, async ({ cluster }) => {
  const end = performance.now() + 1000 * SECONDS;
  const toll = await killWorkers(cluster, { seed: 1, isOver: () => performance.now() > end });
  expect(toll).toMatchObject({ failed: [], servedTwice: [] });
  expect(toll.kills).toBeGreaterThan(1);
});
