import { describe, expect, test } from "vitest";
import { assignSlots, type Shown, withDeparting } from "../../../../../src/inspector/page/views/departing.js";

describe("the slots of running tickets", () => {
  test("are taken in order", () => {
    expect(assignSlots([], ["a", "b", "c"])).toEqual(["a", "b", "c"]);
  });

  test("are kept by those that are still running", () => {
    expect(assignSlots(["a", "b", "c"], ["b", "c"])).toEqual([undefined, "b", "c"]);
  });

  test("are given on as soon as they are free, the first one first", () => {
    expect(assignSlots(["a", "b", "c"], ["b", "d", "e"])).toEqual(["d", "b", "e"]);
    expect(assignSlots([undefined, "b", undefined], ["b", "c"])).toEqual(["c", "b"]);
  });

  test("are no more than needed", () => {
    expect(assignSlots(["a", "b", "c"], ["a"])).toEqual(["a"]);
    expect(assignSlots(["a", "b"], [])).toEqual([]);
  });
});

describe("waiting tickets as they are drawn", () => {
  const tickets = (ids: string) => [...ids].map((id) => ({ id, workload: 1, at: 0 }));
  const shownOf = (ids: string): readonly Shown[] => withDeparting([], tickets(ids), new Set(), 0, 200);
  /** Those that leave in parentheses. */
  const inWords = (shown: readonly Shown[]): string =>
    shown.map(({ ticket, leftAt }) => (leftAt === undefined ? ticket.id : `(${ticket.id})`)).join("");

  test("are in the order of their turns", () => {
    expect(inWords(shownOf("abc"))).toBe("abc");
  });

  test("are seen leaving where they were", () => {
    expect(inWords(withDeparting(shownOf("abcd"), tickets("ace"), new Set(), 10, 200))).toBe("a(b)c(d)e");
  });

  test("are removed after a while", () => {
    const leaving = withDeparting(shownOf("abc"), tickets("ac"), new Set(), 10, 200);
    expect(inWords(withDeparting(leaving, tickets("ac"), new Set(), 209, 200))).toBe("a(b)c");
    expect(inWords(withDeparting(leaving, tickets("ac"), new Set(), 210, 200))).toBe("ac");
  });

  test("are not seen leaving when they are shown elsewhere", () => {
    expect(inWords(withDeparting(shownOf("abc"), tickets("bc"), new Set("a"), 10, 200))).toBe("bc");
  });

  test("are not seen leaving where nothing may linger", () => {
    expect(inWords(withDeparting(shownOf("abc"), tickets("c"), new Set(), 10, 0))).toBe("c");
  });

  test("are drawn once when they come back", () => {
    const leaving = withDeparting(shownOf("abc"), tickets("ac"), new Set(), 10, 200);
    expect(inWords(withDeparting(leaving, tickets("abc"), new Set(), 20, 200))).toBe("abc");
    expect(inWords(withDeparting(leaving, tickets("cab"), new Set(), 20, 200))).toBe("cab");
  });

  test("are not all seen leaving when a full queue empties at once", () => {
    const many = Array.from({ length: 200 }, (_none, id) => ({ id: String(id), workload: 1, at: 0 }));
    const shown = withDeparting([], many, new Set(), 0, 200);
    expect(withDeparting(shown, [], new Set(), 10, 200).length).toBeLessThanOrEqual(8);
  });
});
