import { beforeEach, describe, expect, test } from "vitest";
import { ModelActivity } from "../../../../src/worker/model/model-activity.js";

let now = 0;
let running = 0;
let activity: ModelActivity;

beforeEach(() => {
  now = 0;
  running = 1;
  activity = new ModelActivity(
    () => running,
    () => now,
  );
});

/** A probe that fails after a while; what the model sends meanwhile. */
function failedProbe({ takes = 10_000, pieces = 0 } = {}): boolean {
  const { chunks } = activity;
  now += takes;
  activity.chunks += pieces;
  return activity.isAnswering(chunks);
}

describe("a model is answering, though a probe of it fails,", () => {
  test("when it has sent something since the last probe that succeeded, and requests run", () => {
    activity.probeSucceeded();
    expect(failedProbe()).toBe(false);
    activity.chunks++;
    expect(failedProbe()).toBe(true);
    expect(failedProbe()).toBe(true);
    activity.probeSucceeded();
    expect(failedProbe()).toBe(false);
  });

  test("not when no request runs", () => {
    activity.chunks++;
    running = 0;
    expect(failedProbe()).toBe(false);
  });

  test("when it has sent something during the probe, even where no request runs at its end", () => {
    running = 0;
    expect(failedProbe({ pieces: 1 })).toBe(true);
  });

  test("not when it has been silent for 5 min, until it sends something again", () => {
    activity.chunks++;
    expect(failedProbe({ takes: 0 })).toBe(true);
    expect(failedProbe({ takes: 299_999 })).toBe(true);
    expect(failedProbe({ takes: 1 })).toBe(false);
    activity.chunks++;
    expect(failedProbe()).toBe(true);
  });
});

describe("lost connections are reported", () => {
  test("once a second at most, to the newest listener", () => {
    let first = 0;
    let second = 0;
    const stopFirst = activity.onConnectionLost(() => first++);
    for (let times = 0; times < 1000; times++) activity.connectionLost();
    expect(first).toBe(1);
    now += 1000;
    activity.connectionLost();
    expect(first).toBe(2);
    const stopSecond = activity.onConnectionLost(() => second++);
    stopFirst();
    now += 1000;
    activity.connectionLost();
    expect([first, second]).toEqual([2, 1]);
    stopSecond();
    now += 1000;
    activity.connectionLost();
    expect([first, second]).toEqual([2, 1]);
  });

  test("at once where there was no listener before", () => {
    activity.connectionLost();
    let lost = 0;
    activity.onConnectionLost(() => lost++);
    activity.connectionLost();
    expect(lost).toBe(1);
  });
});
