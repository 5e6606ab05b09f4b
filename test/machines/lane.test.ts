import { describe, expect, test } from "vitest";
import { FifoLane } from "../../machines/lane.js";

const waiting = (lane: FifoLane): readonly string[] => Array.from(lane.queued(), ({ id }) => id);

describe("a lane", () => {
  test("gives turns at once as long as there is room, then lets wait", () => {
    const lane = new FifoLane(2);
    expect(["a", "b", "c", "d"].map((id) => lane.enter(id, 1, 0))).toEqual([true, true, false, false]);
    expect([lane.running, lane.waiting]).toEqual([2, 2]);
  });

  test("gives the turn to the request that has waited longest when a running one leaves", () => {
    const lane = new FifoLane(1);
    for (const id of ["a", "b", "c"]) lane.enter(id, 1, 0);
    expect(lane.leave("a")).toBe("b");
    expect(lane.leave("b")).toBe("c");
    expect(lane.leave("c")).toBeUndefined();
    expect([lane.running, lane.waiting]).toEqual([0, 0]);
  });

  test.each(["first", "middle", "last"])(
    "lets the %s of those who wait leave, without a turn for anybody",
    (which) => {
      const lane = new FifoLane(1);
      for (const id of ["runs", "first", "middle", "last"]) lane.enter(id, 1, 0);
      expect(lane.leave(which)).toBeUndefined();
      expect(waiting(lane)).toEqual(["first", "middle", "last"].filter((id) => id !== which));
      lane.enter("newest", 1, 0);
      expect(waiting(lane).at(-1)).toBe("newest");
      expect([lane.running, lane.waiting]).toEqual([1, 3]);
    },
  );

  test("takes no notice of an id that is not there, or has left", () => {
    const lane = new FifoLane(1);
    for (const id of ["a", "b"]) lane.enter(id, 1, 0);
    lane.leave("a");
    expect(lane.leave("a")).toBeUndefined();
    expect(lane.leave("never came")).toBeUndefined();
    expect([lane.running, lane.waiting]).toEqual([1, 0]);
  });

  test("without a limit makes no request wait", () => {
    const lane = new FifoLane(Number.POSITIVE_INFINITY);
    for (let index = 0; index < 1000; index++) expect(lane.enter(String(index), 1, 0)).toBe(true);
    expect([lane.running, lane.waiting]).toEqual([1000, 0]);
  });

  test("shows whose turn is next, with workload and arrival", () => {
    const lane = new FifoLane(1);
    expect([...lane.queued()]).toEqual([]);
    lane.enter("a", 1, 10);
    expect([...lane.queued()]).toEqual([]);
    lane.enter("b", 2, 20);
    lane.enter("c", 3, 30);
    expect([...lane.queued()][0]).toMatchObject({ id: "b", workload: 2, at: 20 });
    expect([...lane.queued()]).toEqual([
      { id: "b", workload: 2, at: 20 },
      { id: "c", workload: 3, at: 30 },
    ]);
  });
});
