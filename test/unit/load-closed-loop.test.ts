import { expect, test } from "vitest";
import { closedLoop } from "../../src/load/closed-loop.js";
import { eventually } from "../support/eventually.js";

/** A loop whose requests end when the test says so. */
function started(concurrency: number, count: number) {
  const stop = new AbortController();
  const open: { readonly index: number; readonly end: () => void }[] = [];
  const ended = closedLoop({
    concurrency,
    count,
    send: (index) => new Promise<void>((resolve) => open.push({ index, end: resolve })),
    stop: stop.signal,
  });
  return { open, ended, stop };
}

test("so many requests are under way, and the next one follows the one that ends", async () => {
  const { open, ended } = started(3, 5);
  expect(open.map(({ index }) => index)).toEqual([0, 1, 2]);
  open[1]?.end();
  await eventually(() => open.length === 4);
  expect(open.at(-1)?.index).toBe(3);
  open[0]?.end();
  await eventually(() => open.length === 5);
  for (const { end } of open) end();
  await ended;
  expect(open).toHaveLength(5);
});

test("no more are under way than there are altogether", async () => {
  const { open, ended } = started(10, 2);
  expect(open).toHaveLength(2);
  for (const { end } of open) end();
  await ended;
});

test("nothing follows once it is stopped", async () => {
  const { open, ended, stop } = started(2, Number.POSITIVE_INFINITY);
  stop.abort();
  for (const { end } of open) end();
  await ended;
  expect(open).toHaveLength(2);
});
