import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { complete, inState, processEngine, SLOW } from "../../support/process-engine.js";

test("from nothing a worker is made for the first request, inactive without requests, and active for the next", async () => {
  const { engine, states } = await processEngine({
    scaling: { inactivity_timeout: 5, cold_workers: 1, max_workers: 1 },
  });
  await eventually(() => expect(inState(engine, "stopped")).toHaveLength(1), SLOW);
  expect(engine.workers).toMatchObject([
    { state: "held", capacity: expect.any(Number), purpose: "inactive" },
  ]);

  await complete(engine);
  expect(inState(engine, "idle")).toHaveLength(1);
  await eventually(() => expect(inState(engine, "stopped")).toHaveLength(1), SLOW);
  await complete(engine);
  expect(engine.workers).toHaveLength(1);
  expect(states.filter((state) => state === "1 idle")).toHaveLength(2);
  await eventually(() => expect(engine.totals.ended.Success).toBe(2));
});

test("without a floor the last worker becomes inactive without requests", async () => {
  const { engine, states } = await processEngine({ scaling: { inactivity_timeout: 4 } });
  expect(engine.workers).toEqual([]);
  await complete(engine);
  await eventually(
    () => expect(engine.workers.filter(({ status }) => status !== "stopped")).toEqual([]),
    SLOW,
  );
  expect(states.slice(0, 2)).toEqual(["1 creating", "1 created"]);
});

test("a suspended endpoint is not managed", async () => {
  const { engine } = await processEngine();
  const suspended = await fetch(`${engine.url}/api/v0/endptjobs/1/?api_key=key`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ endpoint_state: "suspended", cold_workers: 1 }),
  });
  expect(suspended.status).toBe(200);
  const { setTimeout: pause } = await import("node:timers/promises");
  await pause(2500);
  expect(engine.workers).toEqual([]);
});

test("a report of a worker that the provider did not make is recorded, and nothing is routed to it", async () => {
  const { engine } = await processEngine();
  const { post } = await import("../../support/started-engine.js");
  const { workerStatus } = await import("../../support/worker-status.js");
  expect((await post(engine, "/worker_status/", workerStatus({ id: 77 }))).status).toBe(200);
  expect(engine.reports).toHaveLength(1);
  expect(engine.workers).toEqual([]);
});
