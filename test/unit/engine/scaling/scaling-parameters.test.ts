import { describe, expect, test } from "vitest";
import { scalingParametersSchema } from "../../../../src/engine/scaling/scaling-parameters.js";

test("without any, the parameters are the documentation's defaults", () => {
  expect(scalingParametersSchema.parse({})).toEqual({
    max_workers: 16,
    cold_workers: 5,
    min_load: 1,
    target_util: 0.9,
    cold_mult: 3,
    min_cold_load: 0,
    max_queue_time: 30,
    target_queue_time: 10,
    inactivity_timeout: undefined,
  });
});

test("min_workers is another name of cold_workers, which goes first", () => {
  expect(scalingParametersSchema.parse({ min_workers: 2 }).cold_workers).toBe(2);
  expect(scalingParametersSchema.parse({ min_workers: 2, cold_workers: 3 }).cold_workers).toBe(3);
});

test("keys that are none are dropped: an endpoint has more than its parameters", () => {
  expect(scalingParametersSchema.parse({ endpoint_name: "mine" })).not.toHaveProperty("endpoint_name");
});

test("null and undefined both mean no inactivity_timeout", () => {
  expect(scalingParametersSchema.parse({ inactivity_timeout: null }).inactivity_timeout).toBeUndefined();
  expect(scalingParametersSchema.parse({ inactivity_timeout: -1 }).inactivity_timeout).toBe(-1);
});

test("a short max_queue_time takes the default target_queue_time with it", () => {
  expect(scalingParametersSchema.parse({ max_queue_time: 4 }).target_queue_time).toBe(4);
});

describe("refused, with its name and what was expected, is", () => {
  test.each([
    [{ max_workers: 1.5 }, "max_workers", "expected an integer"],
    [{ max_workers: -1 }, "max_workers", "expected an integer from 0 on"],
    [{ max_workers: 1e9 }, "max_workers", "expected at most 100000"],
    [{ cold_workers: "5" }, "cold_workers", "expected an integer"],
    [{ min_load: -1 }, "min_load", "expected a number from 0 on"],
    [{ target_util: 0 }, "target_util", "expected a number over 0, and at most 1"],
    [{ target_util: 1.01 }, "target_util", "expected a number over 0, and at most 1"],
    [{ cold_mult: 0.5 }, "cold_mult", "expected a number from 1 on"],
    [{ min_cold_load: Number.NaN }, "min_cold_load", "expected a number"],
    [{ max_queue_time: 0 }, "max_queue_time", "expected seconds, more than 0"],
    [{ target_queue_time: 31 }, "target_queue_time", "expected at most max_queue_time"],
    [{ inactivity_timeout: "never" }, "inactivity_timeout", "expected seconds"],
  ])("%j", (given, name, expected) => {
    const issues = scalingParametersSchema.safeParse(given).error?.issues;
    expect(issues?.map(({ path, message }) => [path.join("."), message])).toEqual([[name, expected]]);
  });
});
