import { randomFillSync } from "node:crypto";
import type { TracedHead } from "../request/admission.js";

/** A span that a request belongs to, as W3C's Trace Context writes it. */
export interface TraceContext {
  /** 32 hexadecimal digits in lower case, not all 0. */
  readonly traceId: string;
  /** 16 of them. */
  readonly spanId: string;
  /** The sender records it. */
  readonly isSampled: boolean;
  /** Of the header `tracestate`, which goes on unchanged; empty without one. */
  readonly state: string;
}

/** Versions after 00 may have more fields. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;
/** Beyond it, a `tracestate` need not be passed on. */
const MAX_STATE = 512;
const VISIBLE = /^[\x20-\x7e]*$/;

/**
 * The span of the client that a request belongs to.
 *
 * @param head valid during the call.
 * @returns undefined without a valid `traceparent`: a new trace begins.
 */
export function parentOf(head: Pick<TracedHead, "header">): TraceContext | undefined {
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(head.header("traceparent").trim()) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === "00" && rest !== undefined) return undefined;
  const state = head.header("tracestate").trim();
  return {
    traceId,
    spanId,
    isSampled: (Number.parseInt(flags, 16) & 1) === 1,
    state: state.length <= MAX_STATE && VISIBLE.test(state) ? state : "",
  };
}

/** Headers that make a span the parent of what the receiver records. */
export const headersFor = ({ traceId, spanId, isSampled, state }: TraceContext) => ({
  traceparent: `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`,
  ...(state !== "" && { tracestate: state }),
});

/** Bytes of randomness that are made at once. */
const POOL = Buffer.alloc(4096);
let used = POOL.length;

function randomHex(bytes: number): string {
  if (used + bytes > POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  used += bytes;
  const id = POOL.toString("hex", used - bytes, used);
  // All zeros is no id.
  return /[^0]/.test(id) ? id : randomHex(bytes);
}

export const newTraceId = (): string => randomHex(16);
export const newSpanId = (): string => randomHex(8);
