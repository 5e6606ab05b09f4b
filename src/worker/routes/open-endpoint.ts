import { TsworkerError } from "../../shared/errors.js";
import type { OpenRouteConfig } from "../config/config.js";
import type { Target } from "../config/model-headers.js";
import { answers, sendAnswer } from "../server/answer.js";
import type { HttpEndpoint, Responder } from "../server/http-server.js";
import { getEndpoint, lateGetEndpoint } from "./endpoint-kinds.js";

/** Milliseconds that the model may take. */
const TIMEOUT_MS = 10_000;

/** Longest body that is taken. */
const MAX_BYTES = 1024 * 1024;

/** The model's answer to a GET. */
export interface ModelAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/**
 * Sends a GET to the model server, such as a health check, and reads the whole answer.
 *
 * @throws TsworkerError `MODEL_UNREACHABLE` without an answer, `MODEL_TIMEOUT` if it takes too long.
 */
export async function getFromModel({ url, headers }: Target): Promise<ModelAnswer> {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      // An idle connection could take a thread from the model.
      headers: { ...headers, connection: "close" },
      redirect: "manual",
      signal: limit,
    });
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of response.body ?? []) {
      size += piece.byteLength;
      if (size > MAX_BYTES) throw new Error(`its answer is longer than ${MAX_BYTES} bytes`);
      pieces.push(piece);
    }
    const contentType = response.headers.get("content-type") ?? undefined;
    return { status: response.status, contentType, body: Buffer.concat(pieces) };
  } catch (cause) {
    if (limit.aborted) {
      const message = `the model server did not answer within ${TIMEOUT_MS} ms`;
      throw new TsworkerError("MODEL_TIMEOUT", message, { cause });
    }
    throw new TsworkerError("MODEL_UNREACHABLE", "the model server could not be asked", { cause });
  }
}

/** A route without a signature: it answers with a text, or with the model server's answer. */
export function openEndpoint(
  { route, text }: OpenRouteConfig,
  modelServer: Target | undefined,
  onFault: (error: unknown) => void,
): HttpEndpoint {
  if (text !== undefined) {
    const headers = ["content-type", "text/plain; charset=utf-8"];
    return getEndpoint(route, (responder) => responder.answer({ status: 200, headers, isAscii: true }, text));
  }
  const target = { url: `${modelServer?.url}${route}`, headers: modelServer?.headers ?? {} };
  // These requests are not signed: however many come, one at a time is sent to the model.
  let asked: Promise<ModelAnswer> | undefined;
  const ask = (): Promise<ModelAnswer> => {
    asked ??= getFromModel(target).finally(() => {
      asked = undefined;
    });
    return asked;
  };
  return lateGetEndpoint(route, (responder) => {
    ask().then(
      (answer) => relay(responder, answer),
      (error: unknown) => {
        if (error instanceof TsworkerError) return sendAnswer(responder, answers.modelFailed(error));
        onFault(error);
        sendAnswer(responder, answers.workerFailed());
      },
    );
  });
}

function relay(responder: Responder, { status, contentType, body }: ModelAnswer): void {
  const headers = contentType === undefined ? [] : ["content-type", contentType];
  responder.answer({ status, headers, isAscii: false }, body);
}
