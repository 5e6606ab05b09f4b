import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { WorkerActor } from "../../../machines/worker.js";
import type { Log } from "../../../src/shared/log.js";
import { logWorker } from "../../../src/worker/state-log.js";

let lines: string[] = [];
let see: (waitsFor: string | undefined) => void = () => {};

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  const log = { info: (...line: unknown[]) => lines.push(String(line.at(-1))) } as unknown as Log;
  const actor = {
    subscribe: ({ next }: { next: (snapshot: unknown) => void }) => {
      see = (waitsFor) =>
        next({ value: "loading", context: { waitsFor, dismissals: 0, dismissed: undefined } });
    },
  } as unknown as WorkerActor;
  logWorker(actor, log, "the model");
});

afterEach(() => {
  vi.useRealTimers();
});

const waits = () => lines.filter((line) => line.startsWith("waits"));

test("what is waited for is logged once, however often it is seen", () => {
  see("a");
  for (let seconds = 0; seconds < 600; seconds++) {
    vi.advanceTimersByTime(1000);
    see("a");
  }
  expect(waits()).toEqual(["waits for a"]);
});

test("a change is logged every 30 s at most, and then the newest", () => {
  see("a");
  vi.advanceTimersByTime(1000);
  see("b");
  see("c");
  vi.advanceTimersByTime(28_999);
  expect(waits()).toEqual(["waits for a"]);
  vi.advanceTimersByTime(1);
  expect(waits()).toEqual(["waits for a", "waits for c"]);
  see("d");
  see("c");
  vi.advanceTimersByTime(60_000);
  see("e");
  expect(waits()).toEqual(["waits for a", "waits for c", "waits for e"]);
});

test("waiting that is over is not logged any more, and one that begins anew is", () => {
  see("a");
  see("b");
  see(undefined);
  vi.advanceTimersByTime(60_000);
  see("a");
  expect(waits()).toEqual(["waits for a", "waits for a"]);
});
