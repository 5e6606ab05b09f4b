import type { AuthData } from "../../../shared/wire.js";
import type { FieldErrors } from "../../server/answer.js";
import { BodyBuffer, type BodyBytes, type BodyFormat } from "./body.js";
import { type Authorizer, authDataErrors, isAuthData, MAX_AUTH_BYTES, type ReadResult } from "./envelope.js";
import { JsonScanner } from "./json-scanner.js";
import { decodeMsgpack } from "./msgpack.js";
import { MsgpackScanner } from "./msgpack-scanner.js";
import type { UnverifiedBodies, UnverifiedBody } from "./unverified-bodies.js";

/** For a body that arrives in pieces. */
export interface ReaderOptions {
  readonly authorizer: Authorizer;
  readonly unverified: UnverifiedBodies;
  /** Bytes of `content-length`; 0 without one. */
  readonly expected: number;
  /** The body arrives too slowly while its sender is not verified. */
  readonly onTooSlow: () => void;
  /** Receives a result that `read` did not have yet. */
  readonly onResult: (result: ReadResult) => void;
}

/** More bytes than any body has. */
const MAX_BODY_BYTES = 2 ** 31;

const AUTH = 0;
const PAYLOAD = 1;
const SESSION = 2;
const KEYS = ["auth_data", "payload", "session_id"];

/** Bytes of an unverified body that are scanned at once; further ones are scanned in shares. */
const SCANNED_AT_ONCE = 64 * 1024;
/** Bytes that are scanned in a turn of the event loop: about a millisecond. */
const SHARE_BYTES = 128 * 1024;
/** Bytes that are read of a body with an invalid `auth_data`, so that one answer lists all errors. */
const MAX_INVALID_BYTES = 64 * 1024;
/** Pieces of any size that an unverified body may have, and the average bytes that more pieces must have. */
const MAX_SMALL_PIECES = 1024;
const MIN_AVERAGE_BYTES = 64;
/** Largest encoded `session_id` that is parsed, in bytes: no session has a longer one. */
const MAX_SESSION_BYTES = 1024;

const NO_ROOM = { kind: "no-room" } as const;
const FRAGMENTED = { kind: "fragmented" } as const;

const QUOTE = 0x22;
const OPEN_BRACE = 0x7b;
const NOTHING = Buffer.alloc(0);

/**
 * Reads an envelope as its pieces arrive. Each byte is scanned once; only `auth_data` and `session_id` are parsed, and as
 * soon as they are known the authorizer decides: nothing is kept of a refused envelope. Before that, kept bytes are charged to
 * the budget of all unverified bodies.
 *
 * As with `JSON.parse`, the last of several values with the same name takes precedence: it is authorized, too.
 */
export class EnvelopeReader implements UnverifiedBody {
  readonly #format: BodyFormat;
  readonly #scanner: JsonScanner | MsgpackScanner;
  readonly #options: ReaderOptions | undefined;
  readonly #kept = new BodyBuffer();
  readonly startedAt = performance.now();
  /** The piece that is being scanned, and its offset in the body. */
  #piece: Buffer = NOTHING;
  #pieceAt = 0;
  #pieces = 0;
  /** Bytes received, and bytes scanned. */
  #length = 0;
  #scanned = 0;
  #isWhole = false;
  /** Bytes charged to the budget. */
  #charged = 0;
  #isVerified = false;
  /** Offset of the value that was parsed last; -1: none. */
  #authAt = -1;
  #sessionAt = -1;
  #authData: AuthData | undefined;
  #authErrors: string | FieldErrors | undefined;
  #sessionId: string | null = null;
  #sessionError: string | undefined;

  /** @param options undefined for bodies that arrive in one piece, which one reader reads one after the other. */
  constructor(format: BodyFormat, options?: ReaderOptions) {
    this.#format = format;
    this.#scanner = format === "json" ? new JsonScanner(KEYS) : new MsgpackScanner(KEYS, MAX_BODY_BYTES);
    this.#options = options;
    options?.unverified.add(this);
  }

  get length(): number {
    return this.#length;
  }

  /** The last piece has arrived. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Reads a body that arrived in one piece. @param body valid during the call. */
  readWhole(body: Buffer, authorizer: Authorizer): ReadResult | undefined {
    return this.#scan(body, true, authorizer);
  }

  /**
   * Reads the next piece.
   *
   * @param piece valid during the call.
   * @returns undefined: more is awaited, or the result goes to `onResult`.
   */
  read(piece: Buffer, isLast: boolean, options: ReaderOptions): ReadResult | undefined {
    const isBehind = this.#scanned < this.#length;
    const before = this.#length;
    this.#length += piece.length;
    this.#isWhole = isLast;
    this.#pieces++;
    if (!isBehind && (this.#isVerified || before < SCANNED_AT_ONCE)) {
      const result = this.#scan(piece, isLast, options.authorizer);
      return result ?? (isLast ? undefined : this.#keep(piece, options));
    }
    const failure = this.#keep(piece, options);
    if (failure === undefined) options.unverified.scanLater(this);
    return failure;
  }

  scanShare(): boolean {
    const options = this.#options;
    if (options === undefined) return false;
    const end = Math.min(this.#length, this.#scanned + SHARE_BYTES);
    const isLast = this.#isWhole && end === this.#length;
    const result = this.#scan(this.#kept.slice(this.#scanned, end), isLast, options.authorizer);
    if (result !== undefined) {
      options.onResult(result);
      return false;
    }
    return this.#scanned < this.#length;
  }

  /** Prepares for another body in one piece. */
  reset(): void {
    this.#scanner.reset();
    this.#scanned = 0;
    this.#authAt = -1;
    this.#sessionAt = -1;
    this.#authData = undefined;
    this.#authErrors = undefined;
    this.#sessionId = null;
    this.#sessionError = undefined;
  }

  /** Ends the reading. */
  close(): void {
    this.#verify();
    this.#options?.unverified.remove(this);
  }

  onTooSlow(): void {
    this.#options?.onTooSlow();
  }

  #scan(piece: Buffer, isLast: boolean, authorizer: Authorizer): ReadResult | undefined {
    this.#piece = piece;
    this.#pieceAt = this.#scanned;
    this.#scanned += piece.length;
    const isValid = this.#accepts(piece, isLast);
    const hasNewAuthData = this.#parseAuthData();
    const hasNewSession = this.#parseSession();
    if (this.#authData !== undefined && (hasNewAuthData || hasNewSession || isLast)) {
      const sessionId = isLast || this.#sessionAt >= 0 ? this.#sessionId : undefined;
      if (!authorizer.authorize(this.#authData, sessionId)) return this.#refused(isLast && isValid);
      this.#verify();
    }
    if (!isValid) return { kind: "invalid", format: this.#format };
    if (isLast) return this.#whole();
    if (this.#authErrors !== undefined && this.#scanned > MAX_INVALID_BYTES) {
      return { kind: "invalid-fields", errors: { auth_data: this.#authErrors } };
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

  /** @returns whether it has become known. */
  #parseAuthData(): boolean {
    const start = this.#scanner.spans.startOf(AUTH);
    if (start === this.#authAt || start < 0) return false;
    const end = this.#scanner.spans.endOf(AUTH);
    if (end < 0 && this.#scanned - start <= MAX_AUTH_BYTES) return false;
    this.#authAt = start;
    this.#authData = undefined;
    this.#authErrors = undefined;
    if (end < 0 || end - start > MAX_AUTH_BYTES) {
      this.#authErrors = `must be at most ${MAX_AUTH_BYTES} bytes`;
      return false;
    }
    const value = this.#decode(start, end);
    if (isAuthData(value)) this.#authData = value;
    else this.#authErrors = authDataErrors(value);
    return this.#authData !== undefined;
  }

  /** @returns whether it has become known. */
  #parseSession(): boolean {
    const start = this.#scanner.spans.startOf(SESSION);
    const end = this.#scanner.spans.endOf(SESSION);
    if (start === this.#sessionAt || end < 0) return false;
    this.#sessionAt = start;
    this.#sessionError = undefined;
    const value = end - start > MAX_SESSION_BYTES ? this.#unknownSession(start) : this.#decode(start, end);
    if (value === null || typeof value === "string") this.#sessionId = value;
    else this.#sessionError = "must be a string or null";
    return this.#sessionError === undefined;
  }

  /** Represents a string that is longer than the id of any session. */
  #unknownSession(start: number): unknown {
    const [first = 0] = this.#bytes(start, start + 1);
    return isStringStart(first, this.#format) ? "" : undefined;
  }

  /** Parses a value that the scanner has validated. */
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

  wholeBody(): BodyBytes {
    return this.#payload(0, this.#scanned);
  }

  /** Kept bytes are not copied: they may be hundreds of megabytes. */
  #payload(start: number, end: number): BodyBytes {
    const at = this.#pieceAt;
    if (start >= at) return this.#piece.subarray(start - at, end - at);
    if (end <= this.#kept.length) return this.#kept.parts(start, end);
    return [...this.#kept.parts(start, at), Buffer.from(this.#piece.subarray(0, end - at))];
  }

  #whole(): ReadResult {
    const start = this.#scanner.spans.startOf(PAYLOAD);
    const isMap = start >= 0 && isMapStart(this.#bytes(start, start + 1)[0] ?? 0, this.#format);
    const authErrors = this.#authAt < 0 ? "field missing" : this.#authErrors;
    if (this.#authData === undefined || !isMap || this.#sessionError !== undefined) {
      return {
        kind: "invalid-fields",
        errors: {
          ...(authErrors !== undefined && { auth_data: authErrors }),
          ...(this.#sessionError !== undefined && { session_id: this.#sessionError }),
          ...(start < 0 && { payload: "field missing" }),
          ...(start >= 0 && !isMap && { payload: { data: "payload must be a dictionary" } }),
        },
      };
    }
    return {
      kind: "envelope",
      authData: this.#authData,
      sessionId: this.#sessionId,
      payload: this.#payload(start, this.#scanner.spans.endOf(PAYLOAD)),
      source: this,
    };
  }

  #refused(isWhole: boolean): ReadResult {
    const read = isWhole ? this.#whole() : undefined;
    return { kind: "refused", payload: read?.kind === "envelope" ? read.payload : undefined };
  }

  /** Keeps a piece until the envelope is complete. */
  #keep(piece: Buffer, { unverified, expected }: ReaderOptions): ReadResult | undefined {
    if (!this.#isVerified) {
      if (this.#pieces > MAX_SMALL_PIECES && this.#length < this.#pieces * MIN_AVERAGE_BYTES)
        return FRAGMENTED;
      if (!unverified.reserve(piece.length)) return NO_ROOM;
      this.#charged += piece.length;
    }
    this.#kept.push(piece, this.#isVerified ? expected : 0);
    return undefined;
  }

  #verify(): void {
    if (this.#isVerified || this.#options === undefined) return;
    this.#isVerified = true;
    this.#options.unverified.release(this.#charged);
    this.#options.unverified.markVerified(this);
  }
}

const isStringStart = (first: number, format: BodyFormat): boolean =>
  format === "json" ? first === QUOTE : (first >= 0xa0 && first < 0xc0) || (first >= 0xd9 && first <= 0xdb);

const isMapStart = (first: number, format: BodyFormat): boolean =>
  format === "json"
    ? first === OPEN_BRACE
    : (first >= 0x80 && first < 0x90) || first === 0xde || first === 0xdf;

const wholeReaders = { json: new EnvelopeReader("json"), msgpack: new EnvelopeReader("msgpack") };

/** Reads an envelope that arrived in one piece. @param body valid during the call. */
export function readEnvelope(
  body: Buffer,
  format: BodyFormat,
  authorizer: Authorizer,
): ReadResult | undefined {
  const reader = wholeReaders[format];
  reader.reset();
  return reader.readWhole(body, authorizer);
}
