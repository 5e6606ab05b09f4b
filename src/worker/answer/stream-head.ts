import type { ResponseHead } from "../server/http-server.js";

const STREAMED_TYPES = ["text/event-stream", "application/x-ndjson", "application/jsonl"];

/** Headers that keep proxies from holding a stream back, and the values that they get where an answer lacks them. */
const STREAM_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ["cache-control", "no-cache"],
  ["x-accel-buffering", "no"],
];

/** Whether each piece of a body is of use on its own. @param contentType in lower case. */
export const isStreamType = (contentType: string): boolean =>
  STREAMED_TYPES.some((type) => contentType.startsWith(type)) || contentType.includes("stream");

/** The value of a header by its name in lower case; undefined where there is none. */
export function headerOf({ headers }: ResponseHead, name: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.length === name.length && headers[index]?.toLowerCase() === name)
      return headers[index + 1];
  }
  return undefined;
}

const streamHeads = new WeakMap<ResponseHead, ResponseHead>();

/** The head of a stream, with the headers that keep proxies from holding it back. */
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
