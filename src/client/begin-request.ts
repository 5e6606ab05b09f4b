import type { AuthData, Payload } from "../wire.js";
import { Answer } from "./answer.js";
import { AnswerStream } from "./answer-stream.js";
import type { Link } from "./link.js";
import { type Performed, perform } from "./perform.js";
import { Progress } from "./progress.js";
import type { SendOptions } from "./request-options.js";
import { retryPolicy } from "./retry-policy.js";

export interface BegunRequest extends SendOptions {
  readonly link: Link;
  readonly locate: (requestIdx: number, signal: AbortSignal) => Promise<AuthData>;
  readonly path: string;
  readonly payload: Payload;
  readonly sessionId: string | null;
  readonly returnsRefusal?: boolean;
}

/** Begins a request: how far it is, and what it will come to. */
export function beginRequest(begun: BegunRequest): {
  readonly progress: Progress;
  readonly performed: Promise<Performed>;
} {
  const { link, locate, retry, returnsRefusal = retry === false, stream = false } = begun;
  const progress = new Progress(begun);
  const performed = perform({
    ...begun,
    stream,
    places: link.places,
    fetch: link.fetch,
    progress,
    locate: (requestIdx) => locate(requestIdx, progress.signal),
    retry: retryPolicy(retry),
    returnsRefusal,
  });
  return { progress, performed };
}

/** What a request came to, as its caller wants it. */
export function answerOf({ response, authData, latency }: Performed, stream: boolean | undefined): Answer {
  return new (stream === true ? AnswerStream : Answer)(response, authData, latency);
}
