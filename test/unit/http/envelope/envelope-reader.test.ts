import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type EnvelopeJudge,
  EnvelopeReader,
  type ReadResult,
} from "../../../../src/http/envelope/envelope-reader.js";
import { UnverifiedBodies } from "../../../../src/http/envelope/unverified-bodies.js";

const AUTH = { cost: "1", endpoint: "e", reqnum: 1, request_idx: 2, signature: "s", url: "u" };
const auth = JSON.stringify(AUTH);
const KIB = 1024;

/** Keeps what it is asked, and says what the test says. */
class Judge implements EnvelopeJudge {
  readonly asked: (readonly [requestIdx: number, session: string | null | undefined])[] = [];
  readonly #allows: (requestIdx: number) => boolean;

  constructor(allows: (requestIdx: number) => boolean = () => true) {
    this.#allows = allows;
  }

  allows({ request_idx }: typeof AUTH, session: string | null | undefined): boolean {
    this.asked.push([request_idx, session]);
    return this.#allows(request_idx);
  }
}

let unverified: UnverifiedBodies;
beforeEach(() => {
  unverified = new UnverifiedBodies(1024 * KIB);
});
afterEach(() => {
  vi.useRealTimers();
});

const readerOf = (onTooSlow = () => {}) => new EnvelopeReader("json", { unverified, expected: 0, onTooSlow });

/** Reads pieces until there is a result. */
function readAll(pieces: readonly (string | Buffer)[], judge = new Judge(), reader = readerOf()) {
  for (const [index, piece] of pieces.entries()) {
    // Its memory is somebody else's afterwards.
    const lent = Buffer.from(piece);
    const result = reader.read(lent, index === pieces.length - 1, judge);
    const kept = result?.kind === "envelope" ? { ...result, payload: result.payload.toString() } : result;
    lent.fill(0);
    if (result !== undefined) {
      reader.close();
      return { result: kept, pieces: index + 1, judge };
    }
  }
  return { result: undefined, pieces: pieces.length, judge };
}

const halves = (text: string, at: number): readonly Buffer[] => {
  const bytes = Buffer.from(text);
  return [bytes.subarray(0, at), bytes.subarray(at)];
};

describe("an envelope that comes in pieces is read as one that comes at once", () => {
  test.each([
    ["auth_data first", `{"auth_data":${auth},"payload":{"a":[1, 2]},"session_id":"x"}`, "x"],
    ["auth_data last", `{ "payload" : {"a":[1, 2]} , "auth_data":${auth} }`, null],
    ["auth_data in the middle", `{"session_id":null,"auth_data":${auth},"payload":{"a":[1, 2]}}`, null],
    ["escapes in its names", `{"auth\\u005fdata":${auth},"pa\\u0079load":{"a":[1, 2]}}`, null],
    [
      "names of other kinds",
      `{"__proto__":{"auth_data":1},"auth_data":${auth},"payload":{"a":[1, 2]}}`,
      null,
    ],
    [
      "two of each, of which the last counts",
      `{"auth_data":${auth},"payload":1,"payload":{"a":[1, 2]},"auth_data":${auth}}`,
      null,
    ],
  ])("split at every byte: %s", (_, text, sessionId) => {
    for (let at = 0; at <= Buffer.byteLength(text); at++) {
      const { result } = readAll(halves(text, at));
      expect(result, `split at ${at}`).toEqual({
        kind: "envelope",
        authData: AUTH,
        sessionId,
        payload: '{"a":[1, 2]}',
      });
    }
    const bytes = [...Buffer.from(text)].map((byte) => Buffer.of(byte));
    expect(readAll(bytes).result).toMatchObject({ kind: "envelope", authData: AUTH, sessionId });
  });

  test("faults are all told at once, up to 64 KiB", () => {
    const faulty = `{"auth_data":{},"payload":[],"session_id":1}`;
    const whole = readAll([faulty]).result;
    expect(whole).toMatchObject({ kind: "faults", faults: { payload: { data: expect.anything() } } });
    for (let at = 0; at <= faulty.length; at++) expect(readAll(halves(faulty, at)).result).toEqual(whole);
    const long = [`{"auth_data":{},"payload":{"a":"`, "x".repeat(64 * KIB), '"}}'];
    expect(readAll(long)).toMatchObject({ result: { kind: "faults" }, pieces: 2 });
  });
});

describe("the judge is asked", () => {
  test("as soon as auth_data is there, when the session is, and at the end", () => {
    const pieces = [`{"auth_data":${auth}`, `,"payload":{"a":"`, `b"},"session_id":"x"`, "}"];
    expect(readAll(pieces).judge.asked).toEqual([
      [2, undefined],
      [2, "x"],
      [2, "x"],
    ]);
  });

  test("of the first auth_data and of the one that counts", () => {
    const other = JSON.stringify({ ...AUTH, request_idx: 3 });
    const pieces = [`{"auth_data":${auth},`, `"payload":{},"auth_data":${other}`, "}"];
    const judge = new Judge((requestIdx) => requestIdx === 2);
    expect(readAll(pieces, judge)).toMatchObject({ result: { kind: "refused" }, pieces: 2 });
  });

  test("and of what it refuses nothing more is read", () => {
    const pieces = [`{"auth_data":${auth},"payload":{"a":"`, "never read", '"}}'];
    expect(readAll(pieces, new Judge(() => false))).toMatchObject({ result: { kind: "refused" }, pieces: 1 });
    expect(unverified.bytes).toBe(0);
  });

  test("before it is found that the rest is no JSON", () => {
    const judge = new Judge(() => false);
    expect(readAll([`{"auth_data":${auth},"payload":nonsense`], judge).result).toMatchObject({
      kind: "refused",
    });
    expect(readAll([`{"auth_data":${auth},"payload":nonsense`]).result).toEqual({ kind: "invalid" });
  });
});

describe("auth_data is looked at", () => {
  const sized = (bytes: number): string => {
    const { length } = JSON.stringify({ ...AUTH, more: "" });
    return JSON.stringify({ ...AUTH, more: "x".repeat(bytes - length) });
  };
  const TOO_LONG = { kind: "faults", faults: { auth_data: "must be at most 16384 bytes" } };

  test("up to 16 KiB", () => {
    expect(readAll([`{"auth_data":${sized(16 * KIB)},"payload":{}}`]).result).toMatchObject({
      kind: "envelope",
    });
  });

  test("and no byte more, in one piece or several", () => {
    const text = `{"auth_data":${sized(16 * KIB + 1)},"payload":{}}`;
    expect(readAll([text]).result).toEqual(TOO_LONG);
    expect(readAll(halves(text, 10_000)).result).toEqual(TOO_LONG);
  });

  test("and one without an end is refused before it has one", () => {
    const pieces = Array.from({ length: 100 }, () => "x".repeat(8 * KIB));
    expect(readAll([`{"auth_data":{"url":"`, ...pieces])).toMatchObject({ result: TOO_LONG, pieces: 9 });
  });
});

describe("what is kept of bodies whose sender is not known", () => {
  const first = (bytes: number) => Buffer.from(`{"payload":{"a":"${"x".repeat(bytes - 17)}`);

  test("has a budget for all of them, and is given back", () => {
    const readers = Array.from({ length: 8 }, () => readerOf());
    for (const reader of readers) expect(reader.read(first(128 * KIB), false, new Judge())).toBeUndefined();
    expect(unverified.bytes).toBe(1024 * KIB);
    expect(readerOf().read(first(100), false, new Judge())).toEqual({ kind: "crowded" });
    readers[0]?.close();
    expect(readerOf().read(first(100), false, new Judge())).toBeUndefined();
    expect(readers[1]?.read(Buffer.from(`"},"auth_data":${auth}`), false, new Judge())).toBeUndefined();
    expect(unverified.bytes).toBe(6 * 128 * KIB + 100);
    for (const reader of readers) reader.close();
  });

  test("does not count once the sender is known", () => {
    const reader = readerOf();
    reader.read(Buffer.from(`{"auth_data":${auth},"payload":{"a":"`), false, new Judge());
    for (let piece = 0; piece < 100; piece++) {
      expect(reader.read(Buffer.alloc(64 * KIB, "x"), false, new Judge())).toBeUndefined();
    }
    expect(unverified.bytes).toBe(0);
    const last = reader.read(Buffer.from('"}}'), true, new Judge());
    expect(last?.kind === "envelope" && last.payload.length).toBe(100 * 64 * KIB + '{"a":""}'.length);
  });

  test("may not come in a multitude of tiny pieces", () => {
    const reader = readerOf();
    let result: ReadResult | undefined;
    let pieces = 0;
    for (; result === undefined; pieces++) result = reader.read(Buffer.from(" "), false, new Judge());
    expect({ result, pieces }).toEqual({ result: { kind: "slivers" }, pieces: 1025 });
    reader.close();
  });

  test("must come at 64 KiB a second on average, after half a minute", () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    const slow: string[] = [];
    const small = readerOf(() => slow.push("small"));
    const large = readerOf(() => slow.push("large"));
    small.read(first(100), false, new Judge());
    large.read(first(640 * KIB), false, new Judge());
    vi.advanceTimersByTime(30_000);
    expect(slow).toEqual([]);
    vi.advanceTimersByTime(4000);
    expect(slow).toEqual(["small"]);
    small.close();
    vi.advanceTimersByTime(6000);
    expect(slow).toEqual(["small"]);
    vi.advanceTimersByTime(6000);
    expect(slow).toEqual(["small", "large"]);
    large.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
