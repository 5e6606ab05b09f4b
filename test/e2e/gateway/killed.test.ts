import { expect } from "vitest";
import { test } from "../../support/cluster.js";
import { killInTurn } from "../../support/killed-gateways.js";

test("three workers and two gateways that are killed in turn lose no request that had not begun to stream", async ({
  cluster,
}) => {
  const toll = await killInTurn(cluster, 1);
  expect(toll).toMatchObject({ kills: 5, failed: [] });
  expect(Math.min(toll.plain, toll.streams)).toBeGreaterThanOrEqual(50);
});
