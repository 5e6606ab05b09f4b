import { TsworkerError } from "../../shared/errors.js";
import type { Log } from "../../shared/log.js";
import { type RequestMaker, requestOf } from "../answer/fetch-request.js";
import { ResponseSender, type ResponseSink } from "../answer/fetch-response.js";
import type { OpenRoute } from "../config/config-schema.js";
import type { Target } from "../config/model-headers.js";
import type { UnverifiedBodies } from "../request/envelope/unverified-bodies.js";
import { answers, sendAnswer } from "../server/answer.js";
import type { HttpEndpoint, RequestHead, Responder } from "../server/http-server.js";
import { dropBody, lateGetEndpoint } from "./endpoint-kinds.js";
import { OpenBody } from "./open-body.js";

/** Milliseconds that the model may take by default. */
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
export async function getFromModel(
  { url, headers }: Target,
  timeoutMs: number = TIMEOUT_MS,
): Promise<ModelAnswer> {
  const limit = AbortSignal.timeout(timeoutMs);
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
      const message = `the model server did not answer within ${timeoutMs} ms`;
      throw new TsworkerError("MODEL_TIMEOUT", message, { cause });
    }
    throw new TsworkerError("MODEL_UNREACHABLE", "the model server could not be asked", { cause });
  }
}

/**
 * The text of the model server's answer to a GET.
 *
 * @throws TsworkerError as {@link getFromModel} does, and `MODEL_UNREACHABLE` for an answer that is no success.
 */
export async function textFromModel(target: Target, timeoutMs: number): Promise<string> {
  const { status, body } = await getFromModel(target, timeoutMs);
  if (status !== 200) throw new TsworkerError("MODEL_UNREACHABLE", `${target.url} answered ${status}`);
  return body.toString();
}

export interface OpenEndpointOptions {
  readonly modelServer: Target | undefined;
  readonly streamHeaders: boolean;
  /** Memory for bodies of all open routes. */
  readonly bodies: UnverifiedBodies;
  readonly log: Log;
  /** Receives errors of the worker's own code. */
  readonly onFault: (error: unknown) => void;
}

/** An endpoint without a signature, for requests with the method of its route. */
export function openEndpoint(route: OpenRoute, options: OpenEndpointOptions): HttpEndpoint {
  const { route: path, text, respond } = route;
  if (text !== undefined) return textEndpoint(route, text);
  if (respond === undefined) return forwardedEndpoint(route, options);
  return {
    path,
    handle: (request, responder) => void new OpenRequest(request, responder, { ...route, respond }, options),
  };
}

function textEndpoint({ route: path, maxBodyBytes }: OpenRoute, text: string): HttpEndpoint {
  const head = { status: 200, headers: ["content-type", "text/plain; charset=utf-8"], isAscii: true };
  return {
    path,
    handle: (request, responder) => {
      if (request.method === "GET" || request.method === "HEAD") responder.answer(head, text);
      else dropBody(responder, maxBodyBytes, () => responder.answer(head, text));
    },
  };
}

function forwardedEndpoint(
  { route: path, modelRoute = path }: OpenRoute,
  { modelServer, onFault }: OpenEndpointOptions,
): HttpEndpoint {
  const target = { url: `${modelServer?.url}${modelRoute}`, headers: modelServer?.headers ?? {} };
  // These requests are not signed: however many come, one at a time is sent to the model.
  let asked: Promise<ModelAnswer> | undefined;
  const ask = (): Promise<ModelAnswer> => {
    asked ??= getFromModel(target).finally(() => {
      asked = undefined;
    });
    return asked;
  };
  return lateGetEndpoint(path, (responder) => {
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

/** One request to user code. */
class OpenRequest implements ResponseSink {
  readonly #responder: Responder;
  readonly #respond: NonNullable<OpenRoute["respond"]>;
  readonly #path: string;
  readonly #log: Log;
  readonly #sender: ResponseSender;
  readonly #controller = new AbortController();
  readonly #body: OpenBody;
  #isDone = false;

  constructor(
    head: RequestHead,
    responder: Responder,
    { route, respond, maxBodyBytes }: OpenRoute & { readonly respond: NonNullable<OpenRoute["respond"]> },
    { streamHeaders, bodies, log }: OpenEndpointOptions,
  ) {
    this.#responder = responder;
    this.#respond = respond;
    this.#path = route;
    this.#log = log;
    this.#sender = new ResponseSender(responder, this, streamHeaders);
    const request = requestOf(route, head, this.#controller.signal);
    this.#body = new OpenBody(responder, maxBodyBytes, bodies, {
      onBody: (parts) => void this.#answer(request, parts),
      onEnd: () => this.#end(),
    });
    this.#body.receive();
  }

  onBegun(): void {}

  onComplete(): void {
    this.#isDone = true;
    this.#body.release();
  }

  async #answer(request: RequestMaker, parts: readonly Buffer[]): Promise<void> {
    try {
      await this.#sender.send(await this.#respond(request(parts)));
    } catch (error) {
      if (this.#isDone) return;
      this.#log.error({ route: this.#path, err: error }, "respond of an open route threw");
      const { hasBegun } = this.#sender;
      this.#end();
      if (hasBegun) this.#responder.close();
      else sendAnswer(this.#responder, answers.userCodeThrew());
    }
  }

  #end(): void {
    this.#isDone = true;
    this.#body.release();
    this.#sender.cancel();
    this.#controller.abort();
  }
}
