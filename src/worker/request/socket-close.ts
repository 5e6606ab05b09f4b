import type { Answer } from "../server/answer.js";

/** Close codes from here on belong to applications; below its HTTP statuses nobody needs them. */
const STATUS_BASE = 4000;
/** What a close frame has room for behind its code. */
const MAX_REASON_BYTES = 123;
/** Stands for a close frame without a code. */
const NO_CODE = 1005;
/** "Unexpected condition", RFC 6455 §7.4.1. */
const UNEXPECTED = 1011;

const scratch = new Uint8Array(MAX_REASON_BYTES);

/** How a close is told. */
export interface SocketClose {
  /** Undefined: none is named. */
  readonly code: number | undefined;
  /** At most 123 bytes. */
  readonly reason: string;
}

/** Whether a close frame may carry a code. */
const isSendable = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);

/** A text cut to what fits into a close frame, at a character's end. */
function cutReason(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, scratch);
  return text.slice(0, read);
}

/** Where an answer's body is an error message, that message; its JSON otherwise. */
function reasonOf(body: unknown): string {
  const isMessage =
    typeof body === "object" && body !== null && "error" in body && typeof body.error === "string";
  return isMessage ? String(body.error) : JSON.stringify(body);
}

/**
 * An answer of the worker's own as a close: 4000 + its HTTP status, which browsers can see, as they cannot see that of a
 * refused upgrade, and what they are told as its reason.
 */
export const closeOf = ({ status, body }: Answer): SocketClose => ({
  code: STATUS_BASE + status,
  reason: cutReason(reasonOf(body)),
});

/** A close of one side for the other. A code that may not be sent becomes 1011. */
export const passedOn = (code: number, reason: string): SocketClose => ({
  code: code === NO_CODE ? undefined : isSendable(code) ? code : UNEXPECTED,
  reason: code === NO_CODE ? "" : cutReason(reason),
});
