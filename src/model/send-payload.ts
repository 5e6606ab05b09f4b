import { setImmediate as nextTurn } from "node:timers/promises";
import type { Handler } from "../config.js";
import { isAsyncIterable } from "../is-async-iterable.js";
import { jsonText } from "../json-text.js";
import type { Payload } from "../wire.js";
import type { ModelClient } from "./client.js";
import type { AnswerSink } from "./connection.js";
import { multipartBody } from "./multipart.js";

/** How a payload of the worker's own fared. `thrown` is what user code threw. */
export type Sent =
  | { readonly answered: true }
  | { readonly answered: false; readonly fault: string; readonly thrown?: unknown };

/** Sends a payload of the worker's own, such as the benchmark's, the way a request goes. Only 200 is an answer. */
export async function sendPayload(
  { route, remoteFunction, multipart }: Handler,
  model: ModelClient | undefined,
  payload: Payload,
  signal: AbortSignal,
): Promise<Sent> {
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
      const fault = error instanceof Error ? error.message : String(error);
      return { answered: false, fault, thrown: error };
    }
  }
  if (model === undefined || signal.aborted) return { answered: false, fault: "aborted" };
  const sent = multipart && multipartBody(payload, multipart);
  return new Promise((resolve) => {
    let status = 0;
    const settle = (sent: Sent): void => {
      signal.removeEventListener("abort", onAbort);
      resolve(sent);
    };
    const sink: AnswerSink = {
      onHead: (head) => {
        status = head.status;
      },
      onData: () => true,
      onEnd: () =>
        settle(
          status === 200 ? { answered: true } : { answered: false, fault: `the model answered ${status}` },
        ),
      onError: ({ message }) => settle({ answered: false, fault: message }),
    };
    const call = model.post(route, sent?.body ?? jsonText(payload), sink, sent?.contentType);
    const onAbort = (): void => {
      call.cancel();
      settle({ answered: false, fault: "aborted" });
    };
    signal.addEventListener("abort", onAbort);
  });
}
