import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { LoopDelay } from "../../../../src/worker/metrics/loop-delay.js";
import { eventually } from "../../../support/eventually.js";

/** Keeps the event loop from coming round. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe("the event loop's delay", () => {
  test("is available from the second read on", async () => {
    const delay = new LoopDelay();
    expect(delay.take()).toBeUndefined();
    await pause(300);
    expect(delay.take()).toEqual({
      mean: expect.any(Number),
      p99: expect.any(Number),
      max: expect.any(Number),
    });
    delay.close();
  });

  test("shows once how long the loop was blocked", async () => {
    const delay = new LoopDelay();
    delay.take();
    await pause(200);
    block(800);
    await pause(200);
    const blocked = delay.take();
    expect(blocked?.max).toBeGreaterThan(0.7);
    expect(blocked?.p99).toBeGreaterThan(0.7);
    // More than once where the machine itself stops for so long.
    await eventually(() => expect(delay.take()?.max).toBeLessThan(0.7), { intervalMs: 300 });
    delay.close();
  });

  test("is sampled without keeping the process alive", () => {
    const before = process.getActiveResourcesInfo();
    const delay = new LoopDelay();
    delay.take();
    expect(process.getActiveResourcesInfo()).toEqual(before);
    delay.close();
  });

  test("is sampled no more after it was closed", async () => {
    const delay = new LoopDelay();
    delay.take();
    await pause(200);
    delay.close();
    expect(delay.take()).toBeUndefined();
    await pause(200);
    expect(delay.take()).toBeUndefined();
  });
});
