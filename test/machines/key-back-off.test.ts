import { expect, test } from "vitest";
import { startedKey } from "./support/started-key.js";

test("the key that the first try brings is reported to the worker, and not requested again", async () => {
  const { key, fetchKey, reported, pass } = startedKey();
  await fetchKey.succeed("the key");
  expect(reported).toEqual([{ type: "key.held", pem: "the key" }]);
  await pass(3_600_000);
  expect(fetchKey.count).toBe(1);
  expect(key.getSnapshot().value).toBe("held");
});

test("the second to fifth try wait 1, 2, 4 and 8 s, to the millisecond", async () => {
  const { fetchKey, pass } = startedKey();
  for (const [index, wait] of [1000, 2000, 4000, 8000].entries()) {
    await fetchKey.fail();
    await pass(wait - 1);
    expect(fetchKey.count).toBe(index + 1);
    await pass(1);
    expect(fetchKey.count).toBe(index + 2);
  }
});

test("a try that succeeds after failures is reported as held, without the failures", async () => {
  const { fetchKey, reported, pass } = startedKey();
  await fetchKey.fail();
  await pass(1000);
  await fetchKey.succeed("the key");
  expect(reported).toEqual([{ type: "key.held", pem: "the key" }]);
});

test("a try in progress is aborted when the actor is stopped", () => {
  const { key, fetchKey } = startedKey();
  expect(fetchKey.all[0]?.signal.aborted).toBe(false);
  key.stop();
  expect(fetchKey.all[0]?.signal.aborted).toBe(true);
});
