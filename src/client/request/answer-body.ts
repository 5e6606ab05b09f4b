import { TsworkerError } from "../../shared/errors.js";
import type { FinalStatus } from "./progress.js";

/** Statuses of responses without a body. */
const BODILESS = [204, 205, 304];

/** Content types of streams. */
const STREAMS = /^(?:text\/event-stream|application\/(?:x-)?ndjson|application\/jsonl)\b|stream/i;

/** Whether a body is passed on chunk by chunk, and not first read whole. */
export function isStream({ headers }: Response): boolean {
  return STREAMS.test(headers.get("content-type") ?? "");
}

/** Whether a body is JSON of known length: it can be requested again where it breaks off. */
export function isWholeJson({ headers }: Response): boolean {
  return headers.has("content-length") && /^application\/json\b/i.test(headers.get("content-type") ?? "");
}

/** The same response with another body. */
export function withBody(
  { status, statusText, headers }: Response,
  body: ReadableStream<Uint8Array> | ArrayBuffer | string,
): Response {
  return new Response(BODILESS.includes(status) ? null : body, { status, statusText, headers });
}

export function brokenAnswer(url: string, cause: unknown): TsworkerError {
  return new TsworkerError(
    "ANSWER_BROKEN",
    `the answer of the worker at ${url} broke off: the worker or its model may have died; what came is not whole, send the request again`,
    { cause },
  );
}

interface Watched {
  readonly url: string;
  readonly signal: AbortSignal;
  /** Only the first call counts. */
  readonly onEnd: (status: FinalStatus) => void;
}

/** Cancels bodies that were garbage-collected unread. */
const unread = /* @__PURE__ */ new FinalizationRegistry<() => void>((cancel) => cancel());

/**
 * A body that reports its end, and breaks off with an error of this package. A body that is garbage-collected unread is
 * cancelled: it would otherwise hold its slot forever.
 */
export function watchedBody(
  body: ReadableStream<Uint8Array>,
  { url, signal, onEnd }: Watched,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const cancel = async (reason?: unknown): Promise<void> => {
    onEnd("cancelled");
    await reader.cancel(reason);
  };
  const watched = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            controller.enqueue(value);
            return;
          }
          controller.close();
          onEnd("complete");
        } catch (cause) {
          controller.error(signal.aborted ? signal.reason : brokenAnswer(url, cause));
          onEnd("errored");
        }
      },
      cancel,
    },
    // No read-ahead.
    { highWaterMark: 0 },
  );
  unread.register(watched, () => void cancel().catch(() => {}));
  return watched;
}
