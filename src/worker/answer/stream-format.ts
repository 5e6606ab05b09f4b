import type { ResponseHead } from "../server/http-server.js";

const STREAMED_TYPES = ["text/event-stream", "application/x-ndjson", "application/jsonl"];

/** Headers that prevent proxies from buffering a stream; added where an answer lacks them. */
const STREAM_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ["cache-control", "no-cache"],
  ["x-accel-buffering", "no"],
];

/** Whether a body is relayed piece by piece. @param contentType in lower case. */
export const isStreamType = (contentType: string): boolean =>
  STREAMED_TYPES.some((type) => contentType.startsWith(type)) || contentType.includes("stream");

/** A header by its name in lower case; undefined where it is missing. */
export function headerOf({ headers }: ResponseHead, name: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.length === name.length && headers[index]?.toLowerCase() === name)
      return headers[index + 1];
  }
  return undefined;
}

const streamHeads = new WeakMap<ResponseHead, ResponseHead>();

/** Adds the headers that prevent proxies from buffering a stream. */
export function withStreamHeaders(head: ResponseHead): ResponseHead {
  let streamHead = streamHeads.get(head);
  if (streamHead === undefined) {
    const lacking = STREAM_HEADERS.filter(([name]) => headerOf(head, name) === undefined);
    const { status, headers, isAscii } = head;
    streamHead = lacking.length === 0 ? head : { status, headers: [...headers, ...lacking.flat()], isAscii };
    streamHeads.set(head, streamHead);
  }
  return streamHead;
}

const LF = 0x0a;
const CR = 0x0d;

/** Bytes that suffice to recognise a blank line at the end of a piece: two line ends of two bytes at most. */
const TAIL = 4;

/**
 * Tracks whether a stream of server-sent events is between two events: at its beginning, or after a blank line. Lines end in
 * LF, CR or both, and pieces may end anywhere.
 */
export class EventBoundary {
  #lineEnds = 2;
  #isAfterCr = false;

  get isBetween(): boolean {
    return this.#lineEnds >= 2;
  }

  push(piece: Buffer): void {
    const start = Math.max(0, piece.length - TAIL);
    if (start > 0) {
      this.#lineEnds = 0;
      this.#isAfterCr = false;
    }
    for (let index = start; index < piece.length; index++) {
      const byte = piece[index];
      // The second half of a line end.
      if (byte === LF && this.#isAfterCr) {
        this.#isAfterCr = false;
        continue;
      }
      this.#isAfterCr = byte === CR;
      this.#lineEnds = byte === LF || byte === CR ? this.#lineEnds + 1 : 0;
    }
  }
}
