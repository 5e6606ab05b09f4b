import { expect } from "vitest";
import { test } from "../../support/cluster.js";
import { eventually } from "../../support/eventually.js";
import { freePort } from "../../support/free-port.js";
import { Prober } from "../../support/prober.js";

const RESTARTS = 20;
const CLIENTS = 8;

test("20 restarts by SIGTERM under constant load: what was admitted is answered, what was not is refused, and both are reported to the engine", async ({
  cluster,
}) => {
  const [engine, model] = [await cluster.engine(), await cluster.loadedModel()];
  model.answerMs = 5;
  // The same ports and the same result of the benchmark for all of them. A client without a key to be checked with would be
  // refused with 401.
  const env = {
    WORKER_PORT: String(await freePort()),
    WORKER_HTTP_PORT: String(await freePort()),
    UNSECURED: "true",
  };
  const options = { engine, model, directory: await cluster.folder(), env };
  const prober = new Prober(engine, `http://127.0.0.1:${env.WORKER_PORT}`, CLIENTS);
  for (let restart = 0; restart <= RESTARTS; restart++) {
    const before = prober.all("served").length;
    const worker = await cluster.worker(options);
    // The load is there when the signal comes: some run, some wait.
    await eventually(() => expect(prober.all("served").length).toBeGreaterThan(before + 2 * CLIENTS));
    expect(await worker.stop()).toBe(0);
    expect(worker.text).toBe("");
  }
  await prober.stop();

  expect(prober.all("broken")).toEqual([]);
  // Each was at the model once, and no other was.
  const served = prober.all("served").map(({ requestIdx }) => requestIdx);
  const ascending = (numbers: readonly number[]): readonly number[] => [...numbers].sort((a, b) => a - b);
  expect(ascending(model.payloads.map(({ n }) => Number(n)))).toEqual(ascending(served));
  // Each that got an answer was reported once, and never one whose client had none.
  const refused = prober.all("refused").map(({ requestIdx }) => requestIdx);
  expect(ascending([...engine.totals.endedTimes.keys()])).toEqual(ascending([...served, ...refused]));
  expect([...engine.totals.endedTimes.values()].filter((times) => times !== 1)).toEqual([]);
  expect(engine.totals).toMatchObject({
    newLoad: served.length,
    servedLoad: served.length,
    rejectedLoad: refused.length,
    requestsReceived: served.length + refused.length,
    ended: { Success: served.length, Error: 0, Cancelled: 0, Rejected: refused.length },
  });
});
