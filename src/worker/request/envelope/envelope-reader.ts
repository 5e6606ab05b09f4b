import type { AuthData } from "../../../shared/wire.js";
import type { FieldFaults } from "../../server/answer.js";
import { authFaults, isAuthData, MAX_AUTH_BYTES } from "./auth-data.js";
import { BodyBuffer, type BodyBytes } from "./body-buffer.js";
import type { BodyFormat } from "./body-format.js";
import { JsonScanner } from "./json-scanner.js";
import { decodeMsgpack } from "./msgpack.js";
import { MsgpackScanner } from "./msgpack-scanner.js";
import type { Unread } from "./unread.js";
import type { UnverifiedBodies, UnverifiedBody } from "./unverified-bodies.js";

/** An envelope whose sender was allowed. */
export interface Envelope {
  readonly kind: "envelope";
  readonly authData: AuthData;
  readonly sessionId: string | null;
  /** The bytes of the payload's value, which is an object. */
  readonly payload: BodyBytes;
}

/** What became of a piece; undefined: the next one is awaited. */
export type ReadResult =
  | Envelope
  /** The judge has refused it; with the payload where that is there. */
  | { readonly kind: "refused"; readonly payload: BodyBytes | undefined }
  | Unread;

/** Decides about whoever sends an envelope, before the rest of it is there. */
export interface EnvelopeJudge {
  /**
   * Asked as soon as `auth_data` is known, again when `session_id` is, and once more when the envelope is whole.
   *
   * @param sessionId undefined: it may follow.
   * @returns false when it is refused.
   */
  allows(authData: AuthData, sessionId: string | null | undefined): boolean;
}

/** What bodies that come in pieces have in common. */
export interface ReaderOptions {
  readonly judge: EnvelopeJudge;
  readonly unverified: UnverifiedBodies;
  /** Bytes that the client announced; 0 where it did not. */
  readonly expected: number;
  /** The body comes too slowly while it is not known who sends it. */
  readonly onTooSlow: () => void;
  /** Hears of a result that `read` did not have yet. */
  readonly onResult: (result: ReadResult) => void;
}

/** Bytes that no body has. */
const LONGEST = 2 ** 31;

const AUTH = 0;
const PAYLOAD = 1;
const SESSION = 2;
const KEYS = ["auth_data", "payload", "session_id"];

/** Bytes of a body that are scanned as they come; further ones only where they are verified. */
const AT_ONCE = 64 * 1024;
/** Bytes that are scanned in a turn of the loop: about a millisecond. */
const SHARE = 128 * 1024;
/** Bytes up to which the rest of a body is awaited whose `auth_data` is faulty, so that all faults are told at once. */
const FAULTY_BYTES = 64 * 1024;
/** Pieces that a body may come in while it is not verified, and the bytes that further ones must have on average. */
const MANY_PIECES = 1024;
const SMALL_PIECE = 64;
/** Bytes of the longest `session_id` that is looked at, as it is written: no session has such a one. */
const MAX_SESSION_BYTES = 1024;

const CROWDED = { kind: "crowded" } as const;
const SLIVERS = { kind: "slivers" } as const;

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const NOTHING = Buffer.alloc(0);

/**
 * Reads an envelope as its pieces arrive. Each byte is scanned once; only `auth_data` and `session_id` become values, and
 * as soon as they are known the judge is asked: of what it refuses nothing is kept. Until it has allowed, what is kept is
 * taken off the budget of all bodies that are not verified.
 *
 * As with `JSON.parse`, of several values of a name the last one counts: it is judged, too.
 */
export class EnvelopeReader implements UnverifiedBody {
  readonly #format: BodyFormat;
  readonly #scanner: JsonScanner | MsgpackScanner;
  readonly #options: ReaderOptions | undefined;
  readonly #kept = new BodyBuffer();
  readonly startedAt = performance.now();
  /** What is scanned now, and where it begins. */
  #piece: Buffer = NOTHING;
  #pieceAt = 0;
  #pieces = 0;
  /** Bytes that came, and bytes that were scanned. */
  #length = 0;
  #scanned = 0;
  #isWhole = false;
  /** Bytes that are taken off the budget. */
  #charged = 0;
  #isVerified = false;
  /** Where the value begins that was looked at last; -1: none. */
  #authAt = -1;
  #sessionAt = -1;
  #authData: AuthData | undefined;
  #authFault: string | FieldFaults | undefined;
  #sessionId: string | null = null;
  #sessionFault: string | undefined;

  /** @param options undefined for bodies that come in one piece, which one reader reads one after the other. */
  constructor(format: BodyFormat, options?: ReaderOptions) {
    this.#format = format;
    this.#scanner = format === "json" ? new JsonScanner(KEYS) : new MsgpackScanner(KEYS, LONGEST);
    this.#options = options;
    options?.unverified.add(this);
  }

  get length(): number {
    return this.#length;
  }

  /** The last piece came. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Reads a body that came in one piece. @param body valid during the call. */
  readWhole(body: Buffer, judge: EnvelopeJudge): ReadResult | undefined {
    return this.#scan(body, true, judge);
  }

  /**
   * Reads the next piece.
   *
   * @param piece valid during the call.
   * @returns undefined: more is awaited, or `onResult` will be told.
   */
  read(piece: Buffer, isLast: boolean, options: ReaderOptions): ReadResult | undefined {
    const isBehind = this.#scanned < this.#length;
    const before = this.#length;
    this.#length += piece.length;
    this.#isWhole = isLast;
    this.#pieces++;
    if (!isBehind && (this.#isVerified || before < AT_ONCE)) {
      const result = this.#scan(piece, isLast, options.judge);
      return result ?? (isLast ? undefined : this.#keep(piece, options));
    }
    const fault = this.#keep(piece, options);
    if (fault === undefined) options.unverified.scanLater(this);
    return fault;
  }

  onTurn(): boolean {
    const options = this.#options;
    if (options === undefined) return false;
    const end = Math.min(this.#length, this.#scanned + SHARE);
    const isLast = this.#isWhole && end === this.#length;
    const result = this.#scan(this.#kept.slice(this.#scanned, end), isLast, options.judge);
    if (result !== undefined) {
      options.onResult(result);
      return false;
    }
    return this.#scanned < this.#length;
  }

  /** Another body comes, in one piece. */
  reset(): void {
    this.#scanner.reset();
    this.#scanned = 0;
    this.#authAt = -1;
    this.#sessionAt = -1;
    this.#authData = undefined;
    this.#authFault = undefined;
    this.#sessionId = null;
    this.#sessionFault = undefined;
  }

  /** Nothing more is read. */
  close(): void {
    this.#verify();
    this.#options?.unverified.forget(this);
  }

  onTooSlow(): void {
    this.#options?.onTooSlow();
  }

  #scan(piece: Buffer, isLast: boolean, judge: EnvelopeJudge): ReadResult | undefined {
    this.#piece = piece;
    this.#pieceAt = this.#scanned;
    this.#scanned += piece.length;
    const isValid = this.#accepts(piece, isLast);
    const isNews = this.#lookAtAuthData();
    const isMore = this.#lookAtSession();
    if (this.#authData !== undefined && (isNews || isMore || isLast)) {
      const sessionId = isLast || this.#sessionAt >= 0 ? this.#sessionId : undefined;
      if (!judge.allows(this.#authData, sessionId)) return this.#refused(isLast && isValid);
      this.#verify();
    }
    if (!isValid) return { kind: "invalid", format: this.#format };
    if (isLast) return this.#whole();
    if (this.#authFault !== undefined && this.#scanned > FAULTY_BYTES) {
      return { kind: "faults", faults: { auth_data: this.#authFault } };
    }
    return undefined;
  }

  #accepts(piece: Buffer, isLast: boolean): boolean {
    try {
      this.#scanner.push(piece);
      if (isLast) this.#scanner.end();
      return true;
    } catch {
      return false;
    }
  }

  /** @returns whether it is known now, and was not before. */
  #lookAtAuthData(): boolean {
    const start = this.#scanner.startOf(AUTH);
    if (start === this.#authAt || start < 0) return false;
    const end = this.#scanner.endOf(AUTH);
    if (end < 0 && this.#scanned - start <= MAX_AUTH_BYTES) return false;
    this.#authAt = start;
    this.#authData = undefined;
    this.#authFault = undefined;
    if (end < 0 || end - start > MAX_AUTH_BYTES) {
      this.#authFault = `must be at most ${MAX_AUTH_BYTES} bytes`;
      return false;
    }
    const value = this.#decode(start, end);
    if (isAuthData(value)) this.#authData = value;
    else this.#authFault = authFaults(value);
    return this.#authData !== undefined;
  }

  /** @returns whether it is known now, and was not before. */
  #lookAtSession(): boolean {
    const start = this.#scanner.startOf(SESSION);
    const end = this.#scanner.endOf(SESSION);
    if (start === this.#sessionAt || end < 0) return false;
    this.#sessionAt = start;
    this.#sessionFault = undefined;
    const value = end - start > MAX_SESSION_BYTES ? this.#unknownSession(start) : this.#decode(start, end);
    if (value === null || typeof value === "string") this.#sessionId = value;
    else this.#sessionFault = "must be a string or null";
    return this.#sessionFault === undefined;
  }

  /** A text that is longer than the id of any session. */
  #unknownSession(start: number): unknown {
    const [first = 0] = this.#bytes(start, start + 1);
    return isTextBegin(first, this.#format) ? "" : undefined;
  }

  /** A value that was found to be valid. */
  #decode(start: number, end: number): unknown {
    const bytes = this.#bytes(start, end);
    return this.#format === "json" ? JSON.parse(bytes.toString("utf8")) : decodeMsgpack(bytes);
  }

  #bytes(start: number, end: number): Buffer {
    const at = this.#pieceAt;
    if (start >= at) return this.#piece.subarray(start - at, end - at);
    if (end <= this.#kept.length) return this.#kept.slice(start, end);
    return Buffer.concat([this.#kept.slice(start, at), this.#piece.subarray(0, end - at)]);
  }

  /** Those that were kept stay in the blocks where they lie: they may be hundreds of megabytes. */
  #payload(start: number, end: number): BodyBytes {
    const at = this.#pieceAt;
    if (start >= at) return this.#piece.subarray(start - at, end - at);
    if (end <= this.#kept.length) return this.#kept.parts(start, end);
    return [...this.#kept.parts(start, at), Buffer.from(this.#piece.subarray(0, end - at))];
  }

  #whole(): ReadResult {
    const start = this.#scanner.startOf(PAYLOAD);
    const isMap = start >= 0 && isMapBegin(this.#bytes(start, start + 1)[0] ?? 0, this.#format);
    const authFault = this.#authAt < 0 ? "field missing" : this.#authFault;
    if (this.#authData === undefined || !isMap || this.#sessionFault !== undefined) {
      return {
        kind: "faults",
        faults: {
          ...(authFault !== undefined && { auth_data: authFault }),
          ...(this.#sessionFault !== undefined && { session_id: this.#sessionFault }),
          ...(start < 0 && { payload: "field missing" }),
          ...(start >= 0 && !isMap && { payload: { data: "payload must be a dictionary" } }),
        },
      };
    }
    return {
      kind: "envelope",
      authData: this.#authData,
      sessionId: this.#sessionId,
      payload: this.#payload(start, this.#scanner.endOf(PAYLOAD)),
    };
  }

  #refused(isWhole: boolean): ReadResult {
    const read = isWhole ? this.#whole() : undefined;
    return { kind: "refused", payload: read?.kind === "envelope" ? read.payload : undefined };
  }

  /** Keeps a piece until the envelope is whole. */
  #keep(piece: Buffer, { unverified, expected }: ReaderOptions): ReadResult | undefined {
    if (!this.#isVerified) {
      if (this.#pieces > MANY_PIECES && this.#length < this.#pieces * SMALL_PIECE) return SLIVERS;
      if (!unverified.take(piece.length)) return CROWDED;
      this.#charged += piece.length;
    }
    this.#kept.push(piece, this.#isVerified ? expected : 0);
    return undefined;
  }

  #verify(): void {
    if (this.#isVerified || this.#options === undefined) return;
    this.#isVerified = true;
    this.#options.unverified.release(this.#charged);
    this.#options.unverified.delete(this);
  }
}

const isTextBegin = (first: number, format: BodyFormat): boolean =>
  format === "json" ? first === QUOTE : (first >= 0xa0 && first < 0xc0) || (first >= 0xd9 && first <= 0xdb);

const isMapBegin = (first: number, format: BodyFormat): boolean =>
  format === "json"
    ? first === OPEN_BRACE
    : (first >= 0x80 && first < 0x90) || first === 0xde || first === 0xdf;

const ofOnePiece = { json: new EnvelopeReader("json"), msgpack: new EnvelopeReader("msgpack") };

/** Reads an envelope that came in one piece. @param body valid during the call. */
export function readEnvelope(body: Buffer, format: BodyFormat, judge: EnvelopeJudge): ReadResult | undefined {
  const reader = ofOnePiece[format];
  reader.reset();
  return reader.readWhole(body, judge);
}
