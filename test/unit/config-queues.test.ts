import { describe, expect, test } from "vitest";
import type { HandlerConfig } from "../../src/worker/config/handler-config.js";
import { checkedHandlers } from "./support/config.js";

const placesOf = (...handlers: readonly HandlerConfig[]) =>
  checkedHandlers(...handlers).handlers.map(({ queue, limit }) => [queue, limit]);

describe("the queue of a handler", () => {
  test("is the one that all serial handlers share, whether they say that they are serial or not", () => {
    expect(
      placesOf(
        { route: "/a" },
        { route: "/b", allowParallelRequests: false },
        { route: "/c", concurrency: 1 },
        { route: "/d", allowParallelRequests: false, concurrency: 1 },
        { route: "/e", allowParallelRequests: true, concurrency: 1 },
      ),
    ).toEqual(Array(5).fill(["serial", 1]));
  });

  test("is its own and has no limit when it takes parallel requests", () => {
    expect(
      placesOf({ route: "/a", allowParallelRequests: true }, { route: "/b", allowParallelRequests: true }),
    ).toEqual([
      ["/a", Number.POSITIVE_INFINITY],
      ["/b", Number.POSITIVE_INFINITY],
    ]);
  });

  test("is its own and has the limit that it names", () => {
    expect(
      placesOf({ route: "/a", concurrency: 3 }, { route: "/b", allowParallelRequests: true, concurrency: 4 }),
    ).toEqual([
      ["/a", 3],
      ["/b", 4],
    ]);
  });

  test("is the one that it names, shared by all who name it", () => {
    expect(
      placesOf(
        { route: "/a", queue: "gpu", concurrency: 2 },
        { route: "/b", queue: "gpu", concurrency: 2 },
        { route: "/c", queue: "cpu" },
        { route: "/d" },
      ),
    ).toEqual([
      ["gpu", 2],
      ["gpu", 2],
      ["cpu", 1],
      ["serial", 1],
    ]);
  });
});
