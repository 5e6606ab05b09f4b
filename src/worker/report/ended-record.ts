import type { Outcome } from "../../../machines/events.js";
import type { EndedStatus } from "../../shared/wire.js";

const STATUS: Readonly<Record<Outcome, EndedStatus>> = {
  success: "Success",
  error: "Error",
  cancelled: "Cancelled",
  rejected: "Rejected",
};

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

const INDEX = bytesOf(',{"request_idx":');
const outcomeBytes = (outcome: Outcome): Uint8Array =>
  bytesOf(
    `,"success":${outcome === "success" || outcome === "cancelled"},"status":"${STATUS[outcome]}","entered_queue_at":`,
  );
const OUTCOMES: Readonly<Record<Outcome, Uint8Array>> = {
  success: outcomeBytes("success"),
  error: outcomeBytes("error"),
  cancelled: outcomeBytes("cancelled"),
  rejected: outcomeBytes("rejected"),
};
const STARTED = bytesOf(',"work_started_at":');
const COMPLETED = bytesOf(',"work_completed_at":');

/** The most characters that a number takes, such as `-1.7976931348623157e+308`. */
const NUMBER_LENGTH = 24;
/** The most bytes that one record takes. */
export const RECORD_LENGTH =
  INDEX.length +
  Math.max(...Object.values(OUTCOMES).map(({ length }) => length)) +
  STARTED.length +
  COMPLETED.length +
  4 * NUMBER_LENGTH +
  1;

const [ZERO, POINT, BRACE] = [48, 46, 125];

/**
 * Writes an ended request as JSON, after a comma. Digits are written by hand: this takes place once for each request.
 * Times are epoch milliseconds, written as seconds; 0 for what never happened.
 *
 * @returns the end of the record.
 */
export function writeRecord(
  bytes: Buffer,
  start: number,
  requestIdx: number,
  outcome: Outcome,
  enteredAt: number,
  startedAt: number,
  completedAt: number,
): number {
  let at = writeBytes(bytes, start, INDEX);
  at = writeNumber(bytes, at, requestIdx);
  at = writeBytes(bytes, at, OUTCOMES[outcome]);
  at = writeSeconds(bytes, at, enteredAt);
  at = writeBytes(bytes, at, STARTED);
  at = writeSeconds(bytes, at, startedAt);
  at = writeBytes(bytes, at, COMPLETED);
  at = writeSeconds(bytes, at, completedAt);
  bytes[at] = BRACE;
  return at + 1;
}

function writeBytes(bytes: Buffer, start: number, part: Uint8Array): number {
  bytes.set(part, start);
  return start + part.length;
}

function writeSeconds(bytes: Buffer, start: number, time: number): number {
  const ms = Math.round(time);
  const whole = Math.floor(ms / 1000);
  const at = writeNumber(bytes, start, whole);
  const rest = ms - whole * 1000;
  if (rest === 0) return at;
  bytes[at] = POINT;
  writeDigits(bytes, at + 1, at + 4, rest);
  return at + 4;
}

function writeNumber(bytes: Buffer, start: number, value: number): number {
  // A client may name any integer as its index.
  if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER))
    return start + bytes.write(String(value), start, "latin1");
  let end = start + 1;
  for (let power = 10; power <= value; power *= 10) end++;
  writeDigits(bytes, start, end, value);
  return end;
}

function writeDigits(bytes: Buffer, start: number, end: number, value: number): void {
  let rest = value;
  for (let at = end - 1; at >= start; at--) {
    const tenth = Math.floor(rest / 10);
    bytes[at] = ZERO + (rest - tenth * 10);
    rest = tenth;
  }
}
