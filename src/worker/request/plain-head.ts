import type { Handler } from "../config/config-schema.js";
import { answers, type WorkerAnswer } from "../server/answer.js";
import type { RequestHead } from "../server/http-server.js";
import { isRequestId, REQUEST_ID } from "./request-id.js";

/** What the head of a plain request says. */
export interface PlainHead {
  readonly contentType: string;
  readonly hasBody: boolean;
  /** Bytes of the body; undefined where they are not announced. */
  readonly length: number | undefined;
  /** 0 to 9, a higher one first. */
  readonly priority: number;
  /** Milliseconds after the arrival by which the request must have left its queue. */
  readonly deadlineMs: number | undefined;
  /** Those that the model receives, without the request id: names in lower case. */
  readonly forwarded: Readonly<Record<string, string>>;
}

const VISIBLE = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
/** Ten days: longer than any queue. */
const MAX_DEADLINE_MS = 864_000_000;

const isJsonType = (type: string): boolean => type === "" || /^application\/(?:[\w.-]+\+)?json\b/i.test(type);

/** Whether a body is read as a whole, as JSON. */
export const isJson = ({ contentType }: PlainHead): boolean => isJsonType(contentType);

/** The answer to a client's own headers that cannot be understood; undefined: all can. */
export function headFault(head: RequestHead): WorkerAnswer | undefined {
  const requestId = head.header(REQUEST_ID);
  const priority = head.header("x-priority");
  const deadline = head.header("x-deadline-ms");
  if (requestId !== "" && !isRequestId(requestId))
    return answers.invalidHeader(REQUEST_ID, "1 to 128 visible ASCII characters");
  if (priority !== "" && !/^\d$/.test(priority))
    return answers.invalidHeader("x-priority", "an integer from 0 to 9");
  return deadline === "" || (/^\d{1,9}$/.test(deadline) && Number(deadline) <= MAX_DEADLINE_MS)
    ? undefined
    : answers.invalidHeader("x-deadline-ms", `milliseconds, at most ${MAX_DEADLINE_MS}`);
}

/**
 * Reads the head of a plain request, which is valid during the call.
 *
 * @returns the answer to a head that cannot be understood.
 */
export function readPlainHead(head: RequestHead, { forwardHeaders }: Handler): PlainHead | WorkerAnswer {
  const fault = headFault(head);
  if (fault !== undefined) return fault;
  const contentType = head.header("content-type");
  const priority = head.header("x-priority");
  const deadline = head.header("x-deadline-ms");
  const isChunked = head.contentLength === 0 && head.header("transfer-encoding") !== "";
  if (contentType !== "" && !VISIBLE.test(contentType))
    return answers.invalidHeader("content-type", "visible ASCII characters");
  const forwarded: Record<string, string> = {};
  for (const name of forwardHeaders) {
    const value = head.header(name.toLowerCase());
    if (value !== "" && VISIBLE.test(value)) forwarded[name.toLowerCase()] = value;
  }
  return {
    contentType,
    hasBody: head.contentLength > 0 || isChunked,
    length: isChunked ? undefined : head.contentLength,
    priority: Number(priority),
    deadlineMs: deadline === "" ? undefined : Number(deadline),
    forwarded,
  };
}

/**
 * Whether segments of a client's path could lead the model server to another route: `.` and `..`, also percent-encoded or
 * behind an encoded slash.
 */
export function hasDotSegments(path: string): boolean {
  if (!path.includes(".") && !/%2e/i.test(path)) return false;
  let decoded = path;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return true;
  }
  return decoded.split(/[/\\]/).some((segment) => segment === "." || segment === "..");
}
