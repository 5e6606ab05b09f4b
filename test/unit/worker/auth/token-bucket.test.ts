import { describe, expect, test } from "vitest";
import { TokenBucket } from "../../../../src/worker/auth/token-bucket.js";

describe("a limit of 60 per minute", () => {
  test("is full at first, and is filled by one a second", () => {
    const bucket = new TokenBucket(60);
    bucket.take(60, 1000);
    expect(bucket.has(1, 1000)).toBe(false);
    expect(bucket.secondsUntil(1, 1000)).toBe(1);
    expect(bucket.secondsUntil(60, 1000)).toBe(60);
    expect(bucket.has(1, 2000)).toBe(true);
    expect(bucket.left(31_000)).toBe(30);
  });

  test("holds no more than 60, however long nothing is taken", () => {
    const bucket = new TokenBucket(60);
    bucket.take(1, 0);
    expect(bucket.left(86_400_000)).toBe(60);
  });

  test("never has more because of an earlier time", () => {
    const bucket = new TokenBucket(60);
    bucket.take(60, 10_000);
    expect(bucket.left(0)).toBe(0);
    expect(bucket.left(11_000)).toBe(1);
  });

  test("admits at most 60 plus 1 a second, whenever they come (1000 random times)", () => {
    const bucket = new TokenBucket(60);
    let [taken, seed] = [0, 7];
    for (let now = 0; now < 600_000; now += 600) {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      const amount = seed % 5;
      if (bucket.has(amount, now)) {
        bucket.take(amount, now);
        taken += amount;
      }
      expect(taken).toBeLessThanOrEqual(60 + now / 1000 + 1e-6);
    }
    expect(taken).toBeGreaterThan(600);
  });
});
