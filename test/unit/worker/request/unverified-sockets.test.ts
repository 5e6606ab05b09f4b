import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UnverifiedSockets } from "../../../../src/worker/request/unverified-sockets.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** Sockets that count 10 bytes each, of which 30 may wait. */
function waiting() {
  const sockets = new UnverifiedSockets(30);
  const closed: string[] = [];
  const add = (name: string) => {
    const socket = { onOverload: () => void closed.push(name) };
    sockets.add(socket, 10);
    return () => sockets.delete(socket);
  };
  return { add, closed };
}

test("as many as have room wait for as long as they like", () => {
  const { add, closed } = waiting();
  const sent = ["a", "b", "c"].map(add);
  vi.advanceTimersByTime(60_000);
  for (const send of sent) send();
  expect(closed).toEqual([]);
});

test("beyond that the oldest are given up, each after 2 s, until the others have room", () => {
  const { add, closed } = waiting();
  const sent = ["a", "b"].map(add);
  vi.advanceTimersByTime(1000);
  sent.push(...["c", "d", "e"].map(add));
  vi.advanceTimersByTime(999);
  expect(closed).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(closed).toEqual(["a", "b"]);
  vi.advanceTimersByTime(60_000);
  expect(closed).toEqual(["a", "b"]);
  for (const send of sent) send();
});

test("one that is younger waits on, however many there are", () => {
  const { add, closed } = waiting();
  const first = ["a", "b", "c", "d"].map(add);
  vi.advanceTimersByTime(1500);
  const second = ["e", "f", "g", "h", "i"].map(add);
  vi.advanceTimersByTime(500);
  expect(closed).toEqual(["a", "b", "c", "d"]);
  vi.advanceTimersByTime(1499);
  expect(closed).toHaveLength(4);
  vi.advanceTimersByTime(1);
  expect(closed).toEqual(["a", "b", "c", "d", "e", "f"]);
  for (const send of [...first, ...second]) send();
});

test("an envelope that arrives makes room, and no socket is closed", () => {
  const { add, closed } = waiting();
  const [send, ...others] = ["a", "b", "c", "d"].map(add);
  vi.advanceTimersByTime(1999);
  send?.();
  vi.advanceTimersByTime(60_000);
  expect(closed).toEqual([]);
  for (const other of others) other();
});
