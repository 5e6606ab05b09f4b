import { expect, test } from "vitest";
import { eventually } from "../../../support/eventually.js";
import { WorkerFixture } from "../../../support/worker-fixture.js";

test("without the engine's key every request is answered 401 and counted as rejected; with it, served", async () => {
  const fixture = await WorkerFixture.start({
    handlers: [{ route: "/go", allowParallelRequests: true }],
    engineUp: false,
  });
  // The engine is down: it cannot sign, and the worker could not verify it.
  const payload = {};
  const auth_data = {
    cost: "100",
    endpoint: "endpoint",
    reqnum: 900,
    request_idx: 901,
    signature: "AAAA",
    url: fixture.worker.url,
  };
  const reply = await fixture.ask("/go", { body: { auth_data, payload } });
  expect({ status: reply.status, body: reply.json() }).toEqual({
    status: 401,
    body: { error: expect.stringContaining("key") },
  });
  expect(fixture.model.requests).toEqual([]);

  await fixture.engine.start();
  await fixture.worker.reaches("ready");
  expect(await fixture.post("/go")).toMatchObject({ status: 200 });
  await eventually(() => expect(fixture.engine.totals.rejectedLoad).toBe(100));
  expect(fixture.engine.ended.some(({ request_idx }) => request_idx === auth_data.request_idx)).toBe(false);
  await fixture.expectServing();
  await fixture.stop();
});
