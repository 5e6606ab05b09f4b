import { TsworkerError } from "../../shared/errors.js";
import type { AuthData, Payload } from "../../shared/wire.js";
import { AnswerStream } from "../stream/answer-stream.js";
import { Answer } from "./answer.js";
import type { Link } from "./link.js";
import { type Performed, perform } from "./perform.js";
import { Progress } from "./progress.js";
import { requestFaults } from "./request-faults.js";
import type { SendOptions } from "./request-options.js";
import { retryPolicy } from "./retry-policy.js";

export interface BegunRequest extends SendOptions {
  readonly link: Link;
  readonly cost?: number | undefined;
  readonly locate: (requestIdx: number, progress: Progress) => Promise<AuthData>;
  readonly path: string;
  readonly payload: Payload;
  readonly sessionId: string | null;
  readonly returnsRefusal?: boolean;
  /** Whether the answer is a `fetch`'s, whose body is handed on as it comes. @default false */
  readonly passes?: boolean;
}

/** Begins a request: how far it is, and what it will come to. */
export function beginRequest(begun: BegunRequest): {
  readonly progress: Progress;
  readonly performed: Promise<Performed>;
} {
  const { link, locate, passes = false, retry, returnsRefusal = retry === false, stream = false } = begun;
  const progress = new Progress(begun);
  const faults = requestFaults(begun);
  if (faults.length > 0) {
    progress.fail();
    const message = `the request's options are at fault: ${faults.join("; ")}`;
    return { progress, performed: Promise.reject(new TsworkerError("CONFIG_INVALID", message)) };
  }
  const performed = perform({
    ...begun,
    stream,
    passes,
    places: link.places,
    fetch: link.fetch,
    progress,
    locate: (requestIdx) => locate(requestIdx, progress),
    retry: retryPolicy(retry, begun.timeoutMs),
    returnsRefusal,
  });
  return { progress, performed };
}

/** What a request came to, as its caller wants it. */
export function answerOf({ response, authData, latency }: Performed, stream: boolean | undefined): Answer {
  return new (stream === true ? AnswerStream : Answer)(response, authData, latency);
}
