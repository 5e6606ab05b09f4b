import { describe, expect, test } from "vitest";
import {
  isRetryable,
  nextWait,
  retryAfterMs,
  retryPolicy,
} from "../../../../src/client/request/retry-policy.js";

const policy = retryPolicy({ attempts: 5, firstWaitMs: 100, longestWaitMs: 300, withinMs: 1000 });
if (policy === undefined) throw new Error("expected a policy");
const waits = (random: number) =>
  [1, 2, 3, 4, 5].map((count) => nextWait(policy, { count, elapsedMs: 0 }, () => random));

describe("the wait before the next try", () => {
  test("is drawn between 0 and a limit that doubles up to the longest", () => {
    expect(waits(1)).toEqual([100, 200, 300, 300, undefined]);
    expect(waits(0.5)).toEqual([50, 100, 150, 150, undefined]);
    expect(waits(0)).toEqual([0, 0, 0, 0, undefined]);
  });

  test("is as long as Retry-After, if that is longer", () => {
    const random = () => 0.5;
    expect(nextWait(policy, { count: 1, elapsedMs: 0, retryAfterMs: 700 }, random)).toBe(700);
    expect(nextWait(policy, { count: 1, elapsedMs: 0, retryAfterMs: 7 }, random)).toBe(50);
  });

  test("is none where it would end too late", () => {
    expect(nextWait(policy, { count: 1, elapsedMs: 900 }, () => 1)).toBe(100);
    expect(nextWait(policy, { count: 1, elapsedMs: 901 }, () => 1)).toBeUndefined();
    expect(nextWait(policy, { count: 1, elapsedMs: 0, retryAfterMs: 1001 }, () => 0)).toBeUndefined();
  });

  test("is shortened where it would exceed the time, as long as there is some", () => {
    expect(nextWait(policy, { count: 3, elapsedMs: 800 }, () => 1)).toBe(100);
    expect(nextWait(policy, { count: 3, elapsedMs: 800, retryAfterMs: 150 }, () => 1)).toBe(150);
    expect(nextWait(policy, { count: 3, elapsedMs: 950 }, () => 1)).toBeUndefined();
  });
});

test("by default tries are unlimited; in a session there are eight within five minutes", () => {
  const unlimited = { attempts: Number.POSITIVE_INFINITY, withinMs: Number.POSITIVE_INFINITY };
  expect(retryPolicy(undefined)).toMatchObject(unlimited);
  expect(retryPolicy({ attempts: 2 })).toMatchObject({ ...unlimited, attempts: 2 });
  expect(retryPolicy(undefined, { inSession: true })).toMatchObject({ attempts: 8, withinMs: 300_000 });
  expect(retryPolicy({ attempts: 2 }, { inSession: true })).toMatchObject({ attempts: 2, withinMs: 300_000 });
  expect(retryPolicy({ attempts: undefined, withinMs: undefined })).toEqual(retryPolicy(undefined));
  expect(retryPolicy(false)).toBeUndefined();
});

test("no try begins when the request's own time is over", () => {
  expect(retryPolicy(undefined, { timeoutMs: 1000 })).toMatchObject({ withinMs: 1000 });
  expect(retryPolicy({ withinMs: 500 }, { timeoutMs: 1000 })).toMatchObject({ withinMs: 500 });
});

test("408, 429 and 5xx except 501 are retryable", () => {
  const statuses = [200, 201, 302, 400, 401, 404, 408, 409, 410, 413, 422, 429, 500, 501, 502, 503, 504, 599];
  expect(statuses.filter(isRetryable)).toEqual([408, 429, 500, 502, 503, 504, 599]);
});

test.each([
  ["7", 7000],
  [" 0 ", 0],
  ["Thu, 01 Jan 1970 00:01:00 GMT", 50_000],
  ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
  ["-5", undefined],
  ["try 2099", undefined],
  ["soon GMT", undefined],
  ["soon", undefined],
  ["", undefined],
])("Retry-After %j is %s ms", (text, expected) => {
  // A date counts from that of the answer: the two machines' clocks may differ by hours.
  const headers = { "retry-after": text, date: "Thu, 01 Jan 1970 00:00:10 GMT" };
  expect(retryAfterMs(new Response(null, { headers }))).toBe(expected);
});

test("Retry-After with a date, in an answer that has none, counts from now", () => {
  const headers = { "retry-after": new Date(Date.now() + 60_000).toUTCString() };
  const ms = retryAfterMs(new Response(null, { headers }));
  expect(ms).toBeGreaterThan(50_000);
  expect(ms).toBeLessThanOrEqual(60_000);
});
