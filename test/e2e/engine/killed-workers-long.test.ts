import { expect } from "vitest";
import { test } from "../../support/cluster.js";
import { killWorkers } from "../../support/killed-workers.js";

const SECONDS = 60;

test.for([1, 2, 3])(
  "workers that are killed at random for a minute lose no request of 50 clients, seed %i",
  {
    timeout: 300_000,
  },
  async (seed, { cluster }) => {
    const end = performance.now() + 1000 * SECONDS;
    const toll = await killWorkers(cluster, { seed, isOver: () => performance.now() > end });
    console.log(`seed ${seed}:`, {
      ...toll,
      failed: toll.failed.length,
      servedTwice: toll.servedTwice.length,
    });
    expect(toll).toMatchObject({ failed: [], servedTwice: [] });
    expect(toll.kills).toBeGreaterThan(5);
  },
);
