import type { WorkerAnswer } from "../server/answer.js";

/** The first close code for private use, RFC 6455 §7.4.2. */
const STATUS_BASE = 4000;
/** Longest reason of a close frame, RFC 6455 §5.5. */
const MAX_REASON_BYTES = 123;
/** Represents a close frame without a code, RFC 6455 §7.4.1. */
const NO_CODE = 1005;
/** "Unexpected condition", RFC 6455 §7.4.1. */
const UNEXPECTED = 1011;

const scratch = new Uint8Array(MAX_REASON_BYTES);

/** Content of a close frame. */
export interface SocketClose {
  /** Undefined: none. */
  readonly code: number | undefined;
  /** At most 123 bytes. */
  readonly reason: string;
}

/** Whether a close frame may carry a code. */
const isSendable = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);

/** A text truncated to what fits into a close frame, between two characters. */
function cutReason(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, scratch);
  return text.slice(0, read);
}

/** The error message in an answer's body; without one, the body's JSON. */
function reasonOf(body: unknown): string {
  const isMessage =
    typeof body === "object" && body !== null && "error" in body && typeof body.error === "string";
  return isMessage ? String(body.error) : JSON.stringify(body);
}

/**
 * An answer of the worker itself as a close: 4000 + its HTTP status, and its error text. A page can read both; the status of
 * a refused upgrade is hidden from it.
 */
export const closeOf = ({ status, body }: WorkerAnswer): SocketClose => ({
  code: STATUS_BASE + status,
  reason: cutReason(reasonOf(body)),
});

/** The close of one side, for the other. A code that may not be sent becomes 1011. */
export const relayedClose = (code: number, reason: string): SocketClose => ({
  code: code === NO_CODE ? undefined : isSendable(code) ? code : UNEXPECTED,
  reason: code === NO_CODE ? "" : cutReason(reason),
});
