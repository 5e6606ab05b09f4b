import { setImmediate as nextTurn } from "node:timers/promises";
import { errorMessage } from "../../shared/errors.js";
import { generatedTokens } from "../../shared/generated-tokens.js";
import { isAsyncIterable } from "../../shared/is-async-iterable.js";
import { jsonText } from "../../shared/json-text.js";
import type { Payload } from "../../shared/wire.js";
import type { Handler } from "../config/config.js";
import type { ModelClient } from "./client.js";
import type { AnswerSink } from "./connection.js";
import { errorIn, messageOf, quoted } from "./error-in-answer.js";
import { KeptAnswer } from "./kept-answer.js";
import { multipartBody } from "./multipart.js";

/** How a payload of the worker's own fared. */
export type Sent =
  /** `tokens` is how many the answer says it has; undefined where it says nothing. */
  | { readonly answered: true; readonly tokens?: number | undefined }
  /** `thrown` is what user code threw. */
  | { readonly answered: false; readonly fault: string; readonly thrown?: unknown };

interface Path {
  readonly handler: Handler;
  /** Undefined: the handler has a `remoteFunction`. */
  readonly model: ModelClient | undefined;
  /** Takes secrets out of what the model said. */
  readonly scrub: (text: string) => string;
}

/**
 * Sends a payload of the worker's own, such as the benchmark's, the way a request goes. Only 200 is an answer, and only
 * where its body is no error. A fault names the route, the status and the beginning of what the model said.
 */
export async function sendPayload(
  { handler: { route, remoteFunction, multipart }, model, scrub }: Path,
  payload: Payload,
  signal: AbortSignal,
): Promise<Sent> {
  const fault = (what: string, said: string): string => {
    const words = quoted(said, scrub);
    return `${route}${what}${words === "" ? "" : `: ${words}`}`;
  };
  if (remoteFunction !== undefined) {
    try {
      const result = await remoteFunction(payload, signal);
      if (isAsyncIterable(result)) {
        for await (const _ of result) {
          // Others have their turn too, where the generator itself waits for nothing.
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
  const sent = multipart && multipartBody(payload, multipart);
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
    const call = model.post(route, sent?.body ?? Buffer.from(jsonText(payload)), sink, sent?.contentType);
    const onAbort = (): void => {
      call.cancel();
      settle({ answered: false, fault: "aborted" });
    };
    signal.addEventListener("abort", onAbort);
  });
}
