import { expect, test } from "vitest";
import { startedWorker } from "./support/started-worker.js";

async function verifyingWorker(options: { readonly secured?: boolean; readonly hasHealth?: boolean }) {
  const started = startedWorker(options);
  await started.log("log.loaded");
  await started.benchmark.succeed(50);
  expect(started.state()).toBe("verifying");
  return started;
}

test("a health URL that does not answer 200 within 300 s makes the worker errored, with that reason", async () => {
  const { probeHealth, edge, state, fault, reported, pass } = await verifyingWorker({ hasHealth: true });
  for (let seconds = 0; seconds < 290; seconds += 10) {
    await probeHealth.fail();
    await pass(10_000);
  }
  await pass(9999);
  expect(state()).toBe("verifying");
  await pass(1);
  expect(state()).toBe("errored");
  const message = "the model's health URL did not answer 200 within 300 s";
  expect(fault()).toEqual({ of: "model", message });
  expect(reported()?.errorMsg).toBe(message);
  expect(edge.traffic).toEqual([{ type: "traffic.closed", reason: "errored" }]);
});

test("the deadline is over once the health URL has answered 200 and only the key is missing", async () => {
  const { probeHealth, fetchKey, state, pass } = await verifyingWorker({ hasHealth: true, secured: true });
  await probeHealth.succeed();
  await pass(300_000);
  expect(state()).toBe("verifying");
  await fetchKey.succeed("the key");
  expect(state()).toBe("ready");
});

test("a health URL that answers after the deadline leads to ready after all", async () => {
  const { probeHealth, state, pass } = await verifyingWorker({ hasHealth: true });
  await pass(300_000);
  expect(state()).toBe("errored");
  await pass(10_000);
  await probeHealth.succeed();
  expect(state()).toBe("ready");
});
