import { expect } from "vitest";
import { test } from "../../support/cluster.js";
import { killInTurn } from "../../support/killed-gateways.js";

test("three workers and two gateways that are killed in turn, five times, lose no request that had not begun to stream", async ({
  cluster,
}) => {
  const toll = await killInTurn(cluster, 5);
  expect(toll).toMatchObject({ kills: 25, failed: [] });
}, 900_000);
