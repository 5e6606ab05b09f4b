import { expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { HttpStand } from "../../support/http-stand.js";

test("without the engine's key every request is answered 401 and counted as rejected; with it, served", async () => {
  const stand = await HttpStand.start({
    handlers: [{ route: "/go", allowParallelRequests: true }],
    engineUp: false,
  });
  // The engine is down: nobody can sign, and nobody could check it.
  const payload = {};
  const auth_data = {
    cost: "100",
    endpoint: "endpoint",
    reqnum: 900,
    request_idx: 901,
    signature: "AAAA",
    url: stand.worker.url,
  };
  const reply = await stand.ask("/go", { body: { auth_data, payload } });
  expect({ status: reply.status, body: reply.json() }).toEqual({
    status: 401,
    body: { error: expect.stringContaining("key") },
  });
  expect(stand.model.requests).toEqual([]);

  await stand.engine.start();
  await stand.worker.reaches("ready");
  expect(await stand.post("/go")).toMatchObject({ status: 200 });
  await eventually(() => expect(stand.engine.totals.rejectedLoad).toBe(100));
  expect(stand.engine.ended.some(({ request_idx }) => request_idx === auth_data.request_idx)).toBe(false);
  await stand.stillServes();
  await stand.stop();
});
