import { describe, expect, test } from "vitest";
import { FairLane } from "../../machines/fair-lane.js";

/** The first letter of the id is the flow. */
type Arrival = readonly [id: string, workload?: number, weight?: number, priority?: number];

/** The ticket `first` runs, and these wait. */
function laneWith(...tickets: readonly Arrival[]): FairLane {
  const lane = new FairLane(1);
  lane.enter("first", 1, 0, "runs");
  for (const [id, workload = 1, weight, priority] of tickets)
    lane.enter(id, workload, 0, id.charAt(0), weight, priority);
  return lane;
}

const waiting = (lane: FairLane): readonly string[] => Array.from(lane.queued(), ({ id }) => id);

/** The ids in the order in which they are granted. */
function grants(lane: FairLane): readonly string[] {
  const ids: string[] = [];
  for (let id = lane.leave("first"); id !== undefined; id = lane.leave(id)) ids.push(id);
  return ids;
}

describe("a fair lane", () => {
  test("grants turns at once as long as there is room", () => {
    const lane = new FairLane(2);
    expect(["a", "b", "c"].map((id) => lane.enter(id, 1, 0, id))).toEqual([true, true, false]);
    expect([lane.running, lane.waiting]).toEqual([2, 1]);
  });

  test("alternates between flows, however many tickets one has, and keeps the order within a flow", () => {
    const lane = laneWith(["a1"], ["a2"], ["a3"], ["a4"], ["b1"], ["b2"], ["c1"]);
    const order = ["a1", "b1", "c1", "a2", "b2", "a3", "a4"];
    expect(waiting(lane)).toEqual(order);
    expect(grants(lane)).toEqual(order);
  });

  test("shares workload, not numbers of requests", () => {
    const lane = laneWith(["a1", 4], ["a2", 4], ["b1"], ["b2"], ["b3"], ["b4"], ["b5"], ["b6"]);
    expect(grants(lane).join(" ")).toBe("b1 a1 b2 b3 b4 b5 a2 b6");
  });

  test("shares in proportion to the weights, and not in bursts", () => {
    const heavy = Array.from({ length: 6 }, (_none, index): Arrival => [`a${index + 1}`, 1, 3]);
    const lane = laneWith(...heavy, ["b1"], ["b2"]);
    expect(grants(lane).join(" ")).toBe("a1 b1 a2 a3 a4 b2 a5 a6");
  });

  test("gives a flow that returns no credit for the time without tickets", () => {
    const lane = laneWith(["a1"], ["a2"], ["a3"], ["a4"], ["b1"]);
    expect([lane.leave("first"), lane.leave("a1"), lane.leave("b1"), lane.leave("a2")]).toEqual([
      "a1",
      "b1",
      "a2",
      "a3",
    ]);
    for (const id of ["b2", "b3", "b4"]) lane.enter(id, 1, 0, "b");
    expect(waiting(lane)).toEqual(["a4", "b2", "b3", "b4"]);
  });

  test("remembers what a flow that returns has just been granted", () => {
    const lane = laneWith(["a1", 10], ["b1", 11], ["b2", 1], ["b3", 1], ["b4", 1]);
    expect(lane.leave("first")).toBe("a1");
    lane.enter("a2", 1, 0, "a");
    expect(waiting(lane)).toEqual(["b1", "a2", "b2", "b3", "b4"]);
  });

  test("grants higher priorities first, and shares each of them fairly", () => {
    const lane = laneWith(["a1"], ["b1"], ["a2", 1, 1, 5], ["a3", 1, 1, 5], ["b2", 1, 1, 5], ["c1", 1, 1, 9]);
    expect(waiting(lane)).toEqual(["c1", "a2", "b2", "a3", "a1", "b1"]);
    expect(grants(lane)).toEqual(["c1", "a2", "b2", "a3", "a1", "b1"]);
  });

  test.each([
    [-1, 0],
    [Number.NaN, 0],
    [3.7, 3],
    [10, 9],
    [Number.POSITIVE_INFINITY, 9],
  ])("takes a priority of %d for %d", (given, priority) => {
    const lane = laneWith(["a1", 1, 1, priority], ["b1", 1, 1, given], ["a2", 1, 1, priority]);
    expect(grants(lane)).toEqual(["a1", "b1", "a2"]);
  });

  test.each(["a1", "a2", "a3", "b1"])("lets %s leave while it waits, without a turn for another", (id) => {
    const lane = laneWith(["a1"], ["a2"], ["a3"], ["b1"], ["b2"]);
    const order = ["a1", "b1", "a2", "b2", "a3"];
    expect(waiting(lane)).toEqual(order);
    expect(lane.leave(id)).toBeUndefined();
    expect(lane.leave(id)).toBeUndefined();
    expect(lane.waiting).toBe(4);
    const left = grants(lane);
    expect(left.toSorted()).toEqual(order.filter((each) => each !== id).toSorted());
    expect(left.filter((each) => each.startsWith("a"))).toEqual(
      ["a1", "a2", "a3"].filter((each) => each !== id),
    );
  });

  test("a new weight of a flow counts at once", () => {
    const lane = laneWith(["a1"], ["b1"], ["b2"], ["b3"], ["b4"]);
    for (const id of ["a2", "a3", "a4"]) lane.enter(id, 1, 0, "a", 4);
    expect(waiting(lane).slice(0, 4).toSorted()).toEqual(["a1", "a2", "a3", "b1"]);
  });

  test("requests without workload share the turns, too", () => {
    const lane = laneWith(["a1", 0], ["a2", 0], ["a3", 0], ["b1", 0], ["b2", 0]);
    expect(grants(lane)).toEqual(["a1", "b1", "a2", "b2", "a3"]);
  });

  test("tickets without a flow are one flow: first in, first out", () => {
    const lane = new FairLane(1);
    for (const id of ["first", "a", "b", "c"]) lane.enter(id, 1, 0);
    expect(grants(lane)).toEqual(["a", "b", "c"]);
  });

  test("shows the arrival of the one that waits longest, of any flow", () => {
    const lane = new FairLane(1);
    expect(lane.oldestAt).toBeUndefined();
    for (const [at, id] of ["a1", "a2", "b1"].entries()) lane.enter(id, 1, at, id.charAt(0));
    expect(lane.oldestAt).toBe(1);
    expect(lane.leave("a1")).toBe("a2");
    expect(lane.oldestAt).toBe(2);
    expect([...lane.started()]).toEqual([{ id: "a2", workload: 1, at: 1, flow: "a" }]);
  });

  test("shows flows with tickets only, the largest first", () => {
    const lane = laneWith(["a1", 2], ["a2", 2], ["b1", 1]);
    expect(lane.flows()).toEqual([
      { name: "a", waiting: 2, running: 0, ahead: 5 },
      { name: "b", waiting: 1, running: 0, ahead: 3 },
      { name: "runs", waiting: 0, running: 1, ahead: 2 },
    ]);
    lane.leave("b1");
    lane.leave("first");
    expect(lane.flows()).toEqual([{ name: "a", waiting: 1, running: 1, ahead: 2 }]);
    lane.leave("a1");
    lane.leave("a2");
    expect(lane.flows()).toEqual([]);
  });
});

describe("the workload behind a new ticket", () => {
  const greedy = Array.from({ length: 100 }, (_none, index): [string, number] => [`a${index}`, 10]);

  test("is none for the flow that all of it belongs to", () => {
    expect(laneWith(...greedy).behind(10, "a")).toBe(0);
  });

  test("is nearly all of a greedy flow's for another flow", () => {
    expect(laneWith(...greedy).behind(10, "b")).toBe(990);
  });

  test("follows the weights", () => {
    expect(laneWith(...greedy).behind(10, "b", 2)).toBe(995);
    expect(laneWith(...greedy).behind(10, "b", 0.1)).toBe(990);
  });

  test("is that of lower priorities", () => {
    expect(laneWith(...greedy).behind(10, "a", 1, 1)).toBe(1000);
    expect(laneWith(["a", 10, 1, 1], ["b", 10, 1, 1], ["c", 10]).behind(10, "c")).toBe(0);
  });
});
