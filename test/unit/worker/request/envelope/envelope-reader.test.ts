import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { wholeOf } from "../../../../../src/worker/request/envelope/body.js";
import type {
  Authorizer,
  ReadResult,
  ScannedEnvelope,
} from "../../../../../src/worker/request/envelope/envelope.js";
import {
  EnvelopeReader,
  type ReaderOptions,
} from "../../../../../src/worker/request/envelope/envelope-reader.js";
import { UnverifiedBodies } from "../../../../../src/worker/request/envelope/unverified-bodies.js";
import { eventually } from "../../../../support/eventually.js";

const AUTH = { cost: "1", endpoint: "e", reqnum: 1, request_idx: 2, signature: "s", url: "u" };
const auth = JSON.stringify(AUTH);
const KIB = 1024;

/** Keeps its calls, and returns what the test sets. */
class TestAuthorizer implements Authorizer {
  readonly asked: (readonly [requestIdx: number, session: string | null | undefined])[] = [];
  readonly #authorize: (requestIdx: number) => boolean;

  constructor(authorize: (requestIdx: number) => boolean = () => true) {
    this.#authorize = authorize;
  }

  authorize({ request_idx }: typeof AUTH, session: string | null | undefined): boolean {
    this.asked.push([request_idx, session]);
    return this.#authorize(request_idx);
  }
}

let unverified: UnverifiedBodies;
beforeEach(() => {
  unverified = new UnverifiedBodies(1024 * KIB);
});
afterEach(() => {
  vi.useRealTimers();
});

/** An envelope whose bytes stay valid. */
function copyOf(envelope: ScannedEnvelope): ScannedEnvelope {
  const { payload } = envelope;
  const body = Buffer.from(wholeOf(envelope.source.wholeBody()));
  return {
    ...envelope,
    payload: Buffer.isBuffer(payload) ? Buffer.from(payload) : payload,
    source: { wholeBody: () => body },
  };
}

/** One body that is read. */
class Reading {
  readonly authorizer: TestAuthorizer;
  readonly #options: ReaderOptions;
  readonly #reader: EnvelopeReader;
  /** What was returned between two pieces. */
  late: ReadResult | undefined;

  constructor(authorizer = new TestAuthorizer(), onTooSlow: () => void = () => {}) {
    this.authorizer = authorizer;
    const onResult = (result: ReadResult): void => {
      this.late = result;
    };
    this.#options = { authorizer, unverified, expected: 0, onTooSlow, onResult };
    this.#reader = new EnvelopeReader("json", this.#options);
  }

  read(piece: string | Buffer, isLast = false): ReadResult | undefined {
    // Its memory is used for other data afterwards.
    const lent = Buffer.from(piece);
    const result = this.#reader.read(lent, isLast, this.#options);
    const copied = result?.kind === "envelope" ? copyOf(result) : result;
    lent.fill(0);
    return copied;
  }

  close(): void {
    this.#reader.close();
  }
}

/** Reads pieces until there is a result. */
async function readAll(pieces: readonly (string | Buffer)[], authorizer = new TestAuthorizer()) {
  const reading = new Reading(authorizer);
  let count = 0;
  let result: ReadResult | undefined;
  for (const piece of pieces) {
    result = reading.read(piece, ++count === pieces.length);
    if (result !== undefined) break;
  }
  result ??= await eventually(() => reading.late ?? false);
  reading.close();
  const reported =
    result.kind === "envelope"
      ? {
          ...result,
          payload: wholeOf(result.payload).toString(),
          source: wholeOf(result.source.wholeBody()).toString(),
        }
      : result;
  return { result: reported, pieces: count, authorizer };
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
  ])("split at every byte: %s", async (_, text, sessionId) => {
    for (let at = 0; at <= Buffer.byteLength(text); at++) {
      const { result } = await readAll(halves(text, at));
      expect(result, `split at ${at}`).toEqual({
        kind: "envelope",
        authData: AUTH,
        sessionId,
        payload: '{"a":[1, 2]}',
        source: text,
      });
    }
    const bytes = [...Buffer.from(text)].map((byte) => Buffer.of(byte));
    expect((await readAll(bytes)).result).toMatchObject({ kind: "envelope", authData: AUTH, sessionId });
  });

  test("all errors are reported at once, up to 64 KiB", async () => {
    const faulty = `{"auth_data":{},"payload":[],"session_id":1}`;
    const whole = (await readAll([faulty])).result;
    expect(whole).toMatchObject({ kind: "invalid-fields", errors: { payload: { data: expect.anything() } } });
    for (let at = 0; at <= faulty.length; at++)
      expect((await readAll(halves(faulty, at))).result).toEqual(whole);
    const long = [`{"auth_data":{},"payload":{"a":"`, "x".repeat(64 * KIB), '"}}'];
    expect(await readAll(long)).toMatchObject({ result: { kind: "invalid-fields" }, pieces: 2 });
  });
});

describe("the authorizer is called", () => {
  test("as soon as auth_data is there, when the session is, and at the end", async () => {
    const pieces = [`{"auth_data":${auth}`, `,"payload":{"a":"`, `b"},"session_id":"x"`, "}"];
    expect((await readAll(pieces)).authorizer.asked).toEqual([
      [2, undefined],
      [2, "x"],
      [2, "x"],
    ]);
  });

  test("of the first auth_data and of the one that counts", async () => {
    const other = JSON.stringify({ ...AUTH, request_idx: 3 });
    const pieces = [`{"auth_data":${auth},`, `"payload":{},"auth_data":${other}`, "}"];
    const authorizer = new TestAuthorizer((requestIdx) => requestIdx === 2);
    expect(await readAll(pieces, authorizer)).toMatchObject({ result: { kind: "refused" }, pieces: 2 });
  });

  test("and of what it refuses nothing more is read", async () => {
    const pieces = [`{"auth_data":${auth},"payload":{"a":"`, "never read", '"}}'];
    expect(await readAll(pieces, new TestAuthorizer(() => false))).toMatchObject({
      result: { kind: "refused" },
      pieces: 1,
    });
    expect(unverified.bytes).toBe(0);
  });

  test("before it is found that the rest is no JSON", async () => {
    const authorizer = new TestAuthorizer(() => false);
    expect((await readAll([`{"auth_data":${auth},"payload":nonsense`], authorizer)).result).toMatchObject({
      kind: "refused",
    });
    expect((await readAll([`{"auth_data":${auth},"payload":nonsense`])).result).toEqual({
      kind: "invalid",
      format: "json",
    });
  });
});

describe("auth_data is looked at", () => {
  const sized = (bytes: number): string => {
    const { length } = JSON.stringify({ ...AUTH, more: "" });
    return JSON.stringify({ ...AUTH, more: "x".repeat(bytes - length) });
  };
  const TOO_LONG = { kind: "invalid-fields", errors: { auth_data: "must be at most 16384 bytes" } };

  test("up to 16 KiB", async () => {
    expect((await readAll([`{"auth_data":${sized(16 * KIB)},"payload":{}}`])).result).toMatchObject({
      kind: "envelope",
    });
  });

  test("and no byte more, in one piece or several", async () => {
    const text = `{"auth_data":${sized(16 * KIB + 1)},"payload":{}}`;
    expect((await readAll([text])).result).toEqual(TOO_LONG);
    expect((await readAll(halves(text, 10_000))).result).toEqual(TOO_LONG);
  });

  test("and one without an end is refused before it has one", async () => {
    const pieces = Array.from({ length: 100 }, () => "x".repeat(8 * KIB));
    expect(await readAll([`{"auth_data":{"url":"`, ...pieces])).toMatchObject({
      result: TOO_LONG,
      pieces: 9,
    });
  });
});

describe("what is kept of bodies whose sender is not verified", () => {
  const first = (bytes: number) => Buffer.from(`{"payload":{"a":"${"x".repeat(bytes - 17)}`);

  test("has a budget for all of them, and is given back", async () => {
    const readings = Array.from({ length: 8 }, () => new Reading());
    for (const reading of readings) expect(reading.read(first(128 * KIB))).toBeUndefined();
    expect(unverified.bytes).toBe(1024 * KIB);
    expect(new Reading().read(first(100))).toEqual({ kind: "no-room" });
    readings[0]?.close();
    expect(new Reading().read(first(100))).toBeUndefined();
    expect(readings[1]?.read(`"},"auth_data":${auth}`)).toBeUndefined();
    await eventually(() => expect(unverified.bytes).toBe(6 * 128 * KIB + 100));
    for (const reading of readings) reading.close();
  });

  test("does not count once the sender is verified", () => {
    const reading = new Reading();
    reading.read(`{"auth_data":${auth},"payload":{"a":"`);
    for (let piece = 0; piece < 100; piece++) {
      expect(reading.read(Buffer.alloc(64 * KIB, "x"))).toBeUndefined();
    }
    expect(unverified.bytes).toBe(0);
    const last = reading.read('"}}', true);
    expect(last?.kind === "envelope" && wholeOf(last.payload).length).toBe(
      100 * 64 * KIB + '{"a":""}'.length,
    );
  });

  test("is scanned later, some of it in each turn of the loop", async () => {
    const reading = new Reading();
    for (let piece = 0; piece < 8; piece++)
      reading.read(piece === 0 ? first(100 * KIB) : "y".repeat(100 * KIB));
    expect(reading.read(`"},"auth_data":${auth}}`, true)).toBeUndefined();
    expect(reading.authorizer.asked).toEqual([]);
    const result = await eventually(() => reading.late ?? false);
    expect(result.kind === "envelope" && wholeOf(result.payload).length).toBe(800 * KIB - 9);
    reading.close();
  });

  test("may not come in a multitude of tiny pieces", () => {
    const reading = new Reading();
    let result: ReadResult | undefined;
    let pieces = 0;
    for (; result === undefined; pieces++) result = reading.read(" ");
    expect({ result, pieces }).toEqual({ result: { kind: "fragmented" }, pieces: 1025 });
    reading.close();
  });

  test("must come at 64 KiB a second on average, after half a minute", () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    const slow: string[] = [];
    const small = new Reading(undefined, () => slow.push("small"));
    const large = new Reading(undefined, () => slow.push("large"));
    small.read(first(100));
    large.read(first(640 * KIB));
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
