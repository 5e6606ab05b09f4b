import { describe, expect, test } from "vitest";
import { startedKey } from "./support/started-key.js";

const FAILED = {
  type: "key.failed",
  message: "Failed to get Serverless public key after all retry attempts",
};

/** A key actor whose first five tries have failed. */
async function failedKey() {
  const started = startedKey();
  for (const wait of [1000, 2000, 4000, 8000]) {
    await started.fetchKey.fail();
    await started.pass(wait);
  }
  expect(started.reported).toEqual([]);
  await started.fetchKey.fail("connection refused");
  return started;
}

describe("a key that could not be had", () => {
  test("is reported after the fifth failure, with the message that the engine expects", async () => {
    const { key, reported } = await failedKey();
    expect(reported).toEqual([FAILED]);
    expect(key.getSnapshot()).toMatchObject({
      value: "failed",
      context: { failures: 5, lastError: "connection refused" },
    });
  });

  test("is tried again every 10 s, without another report of the failure", async () => {
    const { fetchKey, reported, pass } = await failedKey();
    for (let tries = 5; tries < 10; tries++) {
      await pass(9999);
      expect(fetchKey.count).toBe(tries);
      await pass(1);
      expect(fetchKey.count).toBe(tries + 1);
      await fetchKey.fail();
    }
    expect(reported).toEqual([FAILED]);
  });

  test("is reported as held as soon as a later try brings it", async () => {
    const { key, fetchKey, reported, pass } = await failedKey();
    await pass(10_000);
    await fetchKey.succeed("the key");
    expect(reported).toEqual([FAILED, { type: "key.held", pem: "the key" }]);
    expect(key.getSnapshot().value).toBe("held");
  });
});
