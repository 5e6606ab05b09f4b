import { describe, expect, test } from "vitest";
import { SessionTable } from "../../machines/session-table.js";
import { seededRandom } from "./support/seeded-random.js";

const table = (...sessions: readonly (readonly [string, number])[]) => {
  const made = new SessionTable<string>();
  for (const [id, expiresAt] of sessions) made.add(id, expiresAt, `session ${id}`);
  return made;
};

/** Sweeps, and closes the sessions that have expired. */
const closeExpired = (made: SessionTable<string>, now: number): readonly string[] => {
  const expired = made.sweep(now);
  for (const id of expired) expect(made.close(id)).toBe(`session ${id}`);
  return expired;
};

describe("a session table", () => {
  test("finds a session by its id, as long as it is open", () => {
    const made = table(["a", 5000]);
    expect(made.extend("a", 6000)).toBe("session a");
    expect(made.close("a")).toBe("session a");
    expect(made.has("a")).toBe(true);
    expect(made.extend("a", 7000)).toBeUndefined();
    expect(made.close("a")).toBeUndefined();
  });

  test("counts who is open and who is closing", () => {
    const made = table(["a", 5000], ["b", 5000], ["c", 5000]);
    made.close("a");
    expect([made.open, made.closing]).toEqual([2, 1]);
    expect([made.remove("a"), made.remove("b"), made.remove("b")]).toEqual([true, true, false]);
    expect([made.open, made.closing]).toEqual([1, 0]);
  });

  test("ignores unknown ids", () => {
    const made = table();
    expect([made.extend("x", 1), made.close("x"), made.remove("x"), made.has("x")]).toEqual([
      undefined,
      undefined,
      false,
      false,
    ]);
  });

  test("lets expire whose time is over, in the second after it at the latest, and never before", () => {
    const made = table(["a", 5000], ["b", 5001], ["c", 5999]);
    expect(closeExpired(made, 4999)).toEqual([]);
    expect(closeExpired(made, 5000)).toEqual(["a"]);
    expect(closeExpired(made, 6000)).toEqual(["b", "c"]);
    expect(closeExpired(made, 7000)).toEqual([]);
  });

  test("keeps a session until the end of its last use's lifetime, not its first's", () => {
    const made = table(["a", 5000]);
    made.extend("a", 9000);
    made.extend("a", 12_000);
    for (let now = 1000; now < 12_000; now += 1000) expect(made.sweep(now)).toEqual([]);
    expect(made.sweep(12_000)).toEqual(["a"]);
  });

  test("lets one expire sooner, too", () => {
    const made = table(["a", 60_000]);
    made.extend("a", 3000);
    expect(made.sweep(3000)).toEqual(["a"]);
  });

  test("expires one that arrived when its time was over already", () => {
    const made = table();
    made.sweep(10_000);
    made.add("a", 4000, "a");
    expect(made.sweep(11_000)).toEqual(["a"]);
  });

  test("does not expire one that is closing or has closed", () => {
    const made = table(["a", 5000], ["b", 5000]);
    made.close("a");
    made.remove("b");
    expect(made.sweep(6000)).toEqual([]);
  });

  test("lets all expire whose time is over after a long pause", () => {
    const made = table(["a", 5000], ["b", 500_000], ["c", 5_000_000], ["d", 50_000_000]);
    expect(closeExpired(made, 10_000_000)).toEqual(["a", "b", "c"]);
    expect(closeExpired(made, 50_000_000)).toEqual(["d"]);
  });

  test("goes by the clock when that was set back", () => {
    const made = table();
    made.sweep(10_000_000);
    made.sweep(1_000_000);
    made.add("a", 1_060_000, "a");
    for (let now = 1_001_000; now < 1_060_000; now += 1000) expect(made.sweep(now)).toEqual([]);
    expect(made.sweep(1_060_000)).toEqual(["a"]);
  });

  test("keeps a session that is never to expire", () => {
    const made = table(["a", Number.POSITIVE_INFINITY]);
    expect(made.sweep(1e13)).toEqual([]);
    expect(made.open).toBe(1);
  });

  test("shows its sessions as plain data", () => {
    const made = table(["a", 5000], ["b", 6000]);
    made.close("b");
    expect([...made.entries()]).toEqual([
      { id: "a", expiresAt: 5000, closing: false },
      { id: "b", expiresAt: 6000, closing: true },
    ]);
    expect([...made.sessions()]).toEqual(["session a", "session b"]);
  });
});

describe("10,000 sessions", () => {
  const SESSIONS = 10_000;
  const LIFETIME = 60_000;

  test("that are used again and again do not expire, and all do when they are not", () => {
    const made = new SessionTable<undefined>();
    for (let id = 0; id < SESSIONS; id++) made.add(String(id), LIFETIME, undefined);
    let now = 0;
    for (; now <= 600_000; now += 1000) {
      expect(made.sweep(now)).toEqual([]);
      if (now % 5000 !== 0) continue;
      for (let id = 0; id < SESSIONS; id++) made.extend(String(id), now + LIFETIME);
    }
    expect(made.sweep(600_000 + LIFETIME - 1)).toEqual([]);
    expect(made.sweep(600_000 + LIFETIME)).toHaveLength(SESSIONS);
  });

  test("do not keep one among them from expiring in its time", () => {
    const made = new SessionTable<undefined>();
    for (let id = 0; id < SESSIONS; id++) made.add(String(id), 500_000, undefined);
    made.add("one", 2000, undefined);
    made.extend("one", 3000);
    expect(made.sweep(2000)).toEqual([]);
    expect(made.sweep(3000)).toEqual(["one"]);
    made.remove("one");
    expect(made.sweep(499_999)).toEqual([]);
  });
});

test("a session that lives for hours expires in its time", () => {
  const made = table(["a", 4 * 3_600_000]);
  for (let now = 0; now < 4 * 3_600_000; now += 1000) expect(made.sweep(now)).toEqual([]);
  expect(made.sweep(4 * 3_600_000)).toEqual(["a"]);
});

test.each([1, 2, 3, 4])(
  "in any order of opening, use and end, exactly those expire whose time is over (seed %d)",
  (seed) => {
    const random = seededRandom(seed);
    const made = new SessionTable<string>();
    const naive = new Map<string, number>();
    let now = random.below(1e6);
    let opened = 0;
    let expiries = 0;
    for (let step = 0; step < 4000; step++) {
      for (let operation = 0; operation < 3; operation++) {
        const expiresAt = now + random.below(random.next() < 0.1 ? 2_000_000 : 90_000) - 2000;
        const id = naive.size > 0 ? random.pick([...naive.keys()]) : "unknown";
        const choice = random.next();
        if (choice < 0.4 || naive.size === 0) {
          made.add(String(opened), expiresAt, String(opened));
          naive.set(String(opened++), expiresAt);
        } else if (choice < 0.8) {
          made.extend(id, expiresAt);
          naive.set(id, expiresAt);
        } else {
          made.close(id);
          made.remove(id);
          naive.delete(id);
        }
      }
      now += 1000 + random.below(random.next() < 0.01 ? 3_000_000 : 50);
      const expired = made.sweep(now);
      expiries += expired.length;
      for (const id of expired) {
        expect(naive.get(id)).toBeLessThanOrEqual(now);
        made.remove(id);
        naive.delete(id);
      }
      const overdue = [...naive.values()].filter((expiresAt) => expiresAt <= now - 1000);
      expect(overdue).toEqual([]);
      expect(made.open).toBe(naive.size);
    }
    expect(expiries).toBeGreaterThan(1000);
  },
);
