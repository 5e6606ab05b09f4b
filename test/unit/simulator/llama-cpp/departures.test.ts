import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Departures } from "../../../../src/simulator/llama-cpp/departures.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A client that is watched. */
function watched() {
  const departures = new Departures();
  const [client, stop] = [new AbortController(), new AbortController()];
  return { departures, client, stop, watch: departures.watch(client.signal, stop) };
}

test("a client that leaves is noticed at the end of a second of its request", () => {
  const { client, stop } = watched();
  vi.advanceTimersByTime(1300);
  client.abort();
  vi.advanceTimersByTime(699);
  expect(stop.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(stop.signal.reason).toBe(client.signal.reason);
});

test("one that leaves a stream that has begun is noticed at once, also where it left before", () => {
  const { client, stop, watch } = watched();
  watch.noticeAtOnce();
  expect(stop.signal.aborted).toBe(false);
  client.abort();
  expect(stop.signal.aborted).toBe(true);

  const earlier = watched();
  earlier.client.abort();
  expect(earlier.stop.signal.aborted).toBe(false);
  earlier.watch.noticeAtOnce();
  expect(earlier.stop.signal.aborted).toBe(true);
});

test("a server that ends drops its clients, which is noticed at once", () => {
  const { departures, client, stop } = watched();
  departures.halt();
  expect(stop.signal.aborted).toBe(false);
  client.abort();
  expect(stop.signal.aborted).toBe(true);
});

test("a client that leaves after its answer stops nothing", () => {
  const { departures, client, stop, watch } = watched();
  watch.end();
  client.abort();
  departures.halt();
  vi.advanceTimersByTime(5000);
  expect(stop.signal.aborted).toBe(false);
});

test("a client that has left before its request is watched is noticed, too", () => {
  const departures = new Departures();
  const stop = new AbortController();
  departures.watch(AbortSignal.abort("gone"), stop);
  vi.advanceTimersByTime(1000);
  expect(stop.signal.reason).toBe("gone");
});
