import { describe, expect, test } from "vitest";
import { phasesOf, waitOf } from "../../../../../src/inspector/page/views/phases.js";
import { requestList } from "../../../../../src/inspector/page/views/request-list.js";
import type { RequestRecord } from "../../../../../src/inspector/recorder/frames.js";

/** A request that arrived at 1000, was admitted at 1010, started at 1100, answered from 1150 on and ended at 1200. */
const request = (changes: Partial<RequestRecord> = {}): RequestRecord => ({
  kind: "request",
  n: 1,
  at: 1200,
  id: "one",
  route: "/generate",
  queue: "default",
  session: undefined,
  requestIdx: 1,
  workload: 10,
  outcome: "success",
  status: 200,
  arrivedAt: 1000,
  admittedAt: 1010,
  startedAt: 1100,
  firstByteAt: 1150,
  endedAt: 1200,
  ...changes,
});

const inWords = (record: RequestRecord): readonly string[] =>
  phasesOf(record).map(({ name, from, ms, last }) => `${name} ${from}+${ms}${last ? " end" : ""}`);

const NEVER_STARTED = { startedAt: undefined, firstByteAt: undefined };

describe("the phases of a request", () => {
  test("that was answered", () => {
    expect(inWords(request())).toEqual([
      "check 0+10",
      "wait 10+90",
      "first byte 100+50",
      "stream 150+50 end",
    ]);
    expect(phasesOf(request()).map(({ share }) => share)).toEqual([0.05, 0.45, 0.25, 0.25]);
  });

  test("that was rejected", () => {
    expect(inWords(request({ outcome: "rejected", admittedAt: undefined, ...NEVER_STARTED }))).toEqual([
      "check 0+200 end",
    ]);
  });

  test("that was cancelled while it waited", () => {
    expect(inWords(request({ outcome: "cancelled", ...NEVER_STARTED }))).toEqual([
      "check 0+10",
      "wait 10+190 end",
    ]);
  });

  test("that failed before its answer began", () => {
    expect(inWords(request({ outcome: "error", firstByteAt: undefined }))).toEqual([
      "check 0+10",
      "wait 10+90",
      "first byte 100+100 end",
    ]);
  });

  test("that was cancelled while its answer went out", () => {
    expect(inWords(request({ outcome: "cancelled", endedAt: 1151 }))).toEqual([
      "check 0+10",
      "wait 10+90",
      "first byte 100+50",
      "stream 150+1 end",
    ]);
  });

  test("that took no time have no share of it", () => {
    const phases = phasesOf(
      request({ outcome: "rejected", admittedAt: undefined, ...NEVER_STARTED, endedAt: 1000 }),
    );
    expect(phases).toEqual([{ name: "check", from: 0, ms: 0, share: 0, last: true }]);
  });

  test("are never negative and never longer than the request, even where the clock was set back", () => {
    for (const changes of [
      { startedAt: 900 },
      { admittedAt: 5000 },
      { endedAt: 500 },
      { firstByteAt: 9999 },
    ]) {
      const record = request(changes);
      const phases = phasesOf(record);
      expect(phases.every(({ ms }) => ms >= 0)).toBe(true);
      const sum = phases.reduce((all, { ms }) => all + ms, 0);
      expect(sum).toBe(Math.max(0, record.endedAt - record.arrivedAt));
    }
  });
});

describe("the wait of a request", () => {
  test("lasts until its turn", () => expect(waitOf(request())).toBe(90));
  test("lasts until its end when it never had its turn", () =>
    expect(waitOf(request(NEVER_STARTED))).toBe(190));
  test("is none when it was not admitted", () => {
    expect(waitOf(request({ admittedAt: undefined, ...NEVER_STARTED }))).toBeUndefined();
  });
});

describe("the list of requests", () => {
  const requests = [
    request({ n: 1, id: "slow", endedAt: 3000 }),
    request({
      n: 2,
      id: "rejected",
      outcome: "rejected",
      admittedAt: undefined,
      ...NEVER_STARTED,
      endedAt: 1001,
    }),
    request({ n: 3, id: "waited", startedAt: 1900, firstByteAt: 1950, endedAt: 2000, route: "/embed" }),
    request({ n: 4, id: "like slow", endedAt: 3000 }),
  ];
  const all = { route: undefined, outcome: undefined, atLeastMs: 0 };
  const idsOf = (...rest: [Partial<typeof all>, "newest" | "total" | "wait"]): readonly string[] =>
    requestList(requests, { ...all, ...rest[0] }, rest[1]).map(({ id }) => id);

  test("begins with the newest", () => {
    expect(idsOf({}, "newest")).toEqual(["like slow", "waited", "rejected", "slow"]);
  });

  test("begins with the longest, and of equals with the newer one", () => {
    expect(idsOf({}, "total")).toEqual(["like slow", "slow", "waited", "rejected"]);
  });

  test("begins with the longest wait and ends with those that never waited", () => {
    expect(idsOf({}, "wait")).toEqual(["waited", "like slow", "slow", "rejected"]);
  });

  test("keeps to a route, an outcome and a least time", () => {
    const filters = [{ route: "/embed" }, { outcome: "rejected" as const }, { atLeastMs: 2000 }];
    const lists = filters.map((filter) =>
      requestList(requests, { ...all, ...filter }, "newest").map(({ id }) => id),
    );
    expect(lists).toEqual([["waited"], ["rejected"], ["like slow", "slow"]]);
  });

  test("leaves what it is made of as it was", () => {
    const before = [...requests];
    requestList(requests, all, "total");
    expect(requests).toEqual(before);
  });
});
