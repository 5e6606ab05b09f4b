import { setImmediate as nextTurn } from "node:timers/promises";
import { errorMessage } from "../../shared/errors.js";
import { generatedTokens } from "../../shared/generated-tokens.js";
import { isAsyncIterable } from "../../shared/is-async-iterable.js";
import { jsonText } from "../../shared/json-text.js";
import type { Payload } from "../../shared/wire.js";
import type { Handler } from "../config/config-schema.js";
import type { RequestBody } from "./call.js";
import type { ModelClient } from "./client.js";
import type { AnswerSink } from "./connection.js";
import { errorIn, KeptAnswer, messageOf, quoted } from "./error-in-answer.js";
import { GeneratorError, generatedBody, generatesBody } from "./generated-body.js";
import { multipartBody } from "./multipart.js";

/** Result of sending a payload of the worker's own. */
export type Sent =
  /** `tokens`: number of tokens that the answer reports; undefined if it reports none. */
  | { readonly answered: true; readonly tokens?: number | undefined }
  /** `thrown`: error of user code. */
  | { readonly answered: false; readonly fault: string; readonly thrown?: unknown };

interface Path {
  readonly handler: Handler;
  /** Undefined for a handler with a `remoteFunction`. */
  readonly model: ModelClient | undefined;
  /** Removes secrets from the model's text. */
  readonly scrub: (text: string) => string;
}

/**
 * Sends a payload of the worker's own, such as the benchmark's, as a request is sent. Only 200 counts as an answer, and only
 * if its body is no error. A failure names the route, the status and the beginning of the model's text.
 */
export async function sendPayload(
  { handler, model, scrub }: Path,
  payload: Payload,
  signal: AbortSignal,
): Promise<Sent> {
  const { route, modelRoute, remoteFunction } = handler;
  const fault = (what: string, said: string): string => {
    const words = quoted(said, scrub);
    return `${route}${what}${words === "" ? "" : `: ${words}`}`;
  };
  if (remoteFunction !== undefined) {
    try {
      const result = await remoteFunction(payload, signal);
      if (isAsyncIterable(result)) {
        for await (const _ of result) {
          // Yields to the event loop, because the generator may never wait itself.
          await nextTurn();
          signal.throwIfAborted();
        }
      }
      return { answered: true };
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      return { answered: false, fault: fault(" threw", said), thrown: error };
    }
  }
  if (model === undefined || signal.aborted) return { answered: false, fault: "aborted" };
  let sent: ReturnType<typeof bodyOf>;
  try {
    sent = bodyOf(handler, payload);
  } catch (error) {
    const thrown = error instanceof GeneratorError ? error.cause : error;
    return { answered: false, fault: fault(" could not be sent", errorMessage(thrown)), thrown };
  }
  return new Promise((resolve) => {
    let status = 0;
    const answer = new KeptAnswer();
    const settle = (sent: Sent): void => {
      signal.removeEventListener("abort", onAbort);
      resolve(sent);
    };
    const sink: AnswerSink = {
      onHead: (head) => {
        status = head.status;
      },
      onData: (piece) => {
        answer.add(piece);
        return true;
      },
      onEnd: () => {
        const isOk = status === 200;
        const error = isOk ? errorIn(answer) : messageOf(answer);
        if (error === undefined) settle({ answered: true, tokens: generatedTokens(answer.tail) });
        else {
          const what = isOk ? ` answered ${status} with an error` : ` answered ${status}`;
          settle({ answered: false, fault: fault(what, error) });
        }
      },
      onError: (error) => {
        const reason = errorMessage(error);
        const said = reason === error.message ? reason : `${error.message}: ${reason}`;
        settle({ answered: false, fault: fault("", said) });
      },
    };
    const call = model.post(modelRoute, sent.body, sink, sent.contentType);
    const onAbort = (): void => {
      call.cancel();
      settle({ answered: false, fault: "aborted" });
    };
    signal.addEventListener("abort", onAbort);
  });
}

/** The body that the model is sent for a payload. */
function bodyOf(
  handler: Handler,
  payload: Payload,
): { readonly body: RequestBody; readonly contentType?: string } {
  if (generatesBody(handler)) return generatedBody(handler, payload);
  if (handler.multipart !== undefined) return multipartBody(payload, handler.multipart);
  return { body: Buffer.from(jsonText(payload)) };
}
