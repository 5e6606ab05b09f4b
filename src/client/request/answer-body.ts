import { TsworkerError } from "../../shared/errors.js";
import type { LastStatus } from "./request-status.js";

/** Statuses whose answers have no body, and must not be given one. */
const BODILESS = [204, 205, 304];

/** Content types whose bodies come piece by piece. */
const STREAMS = /^(?:text\/event-stream|application\/(?:x-)?ndjson|application\/jsonl)\b|stream/i;

/** Whether a body is handed on as it comes, and not first read whole. */
export function isStream({ headers }: Response): boolean {
  return STREAMS.test(headers.get("content-type") ?? "");
}

/** Whether a body is JSON that the worker has as a whole: it can be asked for again where it breaks off. */
export function isWholeJson({ headers }: Response): boolean {
  return headers.has("content-length") && /^application\/json\b/i.test(headers.get("content-type") ?? "");
}

/** The same answer with another body. */
export function withBody(
  { status, statusText, headers }: Response,
  body: ReadableStream<Uint8Array> | ArrayBuffer | string,
): Response {
  return new Response(BODILESS.includes(status) ? null : body, { status, statusText, headers });
}

/** The error of an answer that did not come to its end. */
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
  /** Told how it ended; the first time counts. */
  readonly onEnd: (status: LastStatus) => void;
}

/** Leaves a body that nobody can read any more, because whoever had it has dropped it unread. */
const dropped = /* @__PURE__ */ new FinalizationRegistry<() => void>((leave) => leave());

/**
 * A body that tells when it has ended, and whose breaking off is told by an error of this package. One that is dropped
 * unread is left when the garbage is collected: it would otherwise keep its place for ever.
 */
export function watchedBody(
  body: ReadableStream<Uint8Array>,
  { url, signal, onEnd }: Watched,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const leave = async (reason?: unknown): Promise<void> => {
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
      cancel: leave,
    },
    // Nothing is read ahead of whoever reads.
    { highWaterMark: 0 },
  );
  dropped.register(watched, () => void leave().catch(() => {}));
  return watched;
}
