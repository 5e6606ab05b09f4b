import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { beginEvents, sendJson } from "../answer.js";
import { countTokens } from "../language/text.js";
import type { RouteContext } from "../simulated-model.js";
import type { GenerationRequest } from "./generation-request.js";
import type { ServedModel } from "./served-model.js";

/** Answers completions and chats. */
export class Generator {
  readonly #served: ServedModel;

  constructor(served: ServedModel) {
    this.#served = served;
  }

  /**
   * Answers one request, whole or as a stream of events. When the client goes away, waiting or running, generation
   * stops, and the log reports that.
   *
   * @throws RefusedRequest for an unknown model or an exceeded context length.
   * @throws the signal's reason.
   */
  async serve(request: GenerationRequest, { response, signal, log }: RouteContext): Promise<void> {
    const { model, traits } = this.#served;
    this.#served.check(request.model, workOf(request));
    const generated: Generated = {
      id: `${request.kind === "chat" ? "chatcmpl" : "cmpl"}-${randomUUID().replaceAll("-", "")}`,
      created: Math.floor(Date.now() / 1000),
      model,
      request,
    };
    try {
      if (request.stream) await this.#stream(generated, response, signal);
      else await this.#whole(generated, response, signal);
    } catch (error) {
      if (signal.aborted) traits.left(log, generated.id);
      throw error;
    }
  }

  async #whole(generated: Generated, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const { request } = generated;
    const text = await this.#served.inference.text(request.prompt, workOf(request), signal);
    sendJson(response, 200, completionBody(generated, text, request.maxTokens));
  }

  async #stream(generated: Generated, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const { kind, prompt, includeUsage, maxTokens } = generated.request;
    const words = this.#served.inference.words(prompt, workOf(generated.request), signal);
    const send = beginEvents(response, signal);
    if (kind === "chat") await send(roleChunk(generated));
    for await (const word of words) await send(chunk(generated, word, false));
    await send(chunk(generated, "", true));
    if (includeUsage) await send(usageChunk(generated, maxTokens));
    await send("[DONE]");
    response.end();
  }
}

const workOf = ({ prompt, maxTokens }: GenerationRequest) => ({
  prompt: countTokens(prompt),
  tokens: maxTokens,
});

/** The common part of all bodies of a generation. */
interface Generated {
  readonly id: string;
  /** Epoch seconds. */
  readonly created: number;
  readonly model: string;
  readonly request: GenerationRequest;
}

/** The body of an answer that is not streamed. */
function completionBody({ id, created, model, request }: Generated, text: string, tokens: number) {
  const choice =
    request.kind === "chat" ? { message: { role: "assistant", content: text, tool_calls: [] } } : { text };
  return {
    id,
    object: request.kind === "chat" ? "chat.completion" : "text_completion",
    created,
    model,
    choices: [{ index: 0, ...choice, logprobs: null, finish_reason: "length" }],
    usage: usage(request, tokens),
  };
}

/** One event of a stream. `finish` is true for the last one with a choice. */
function chunk({ id, created, model, request }: Generated, text: string, finish: boolean) {
  const content =
    request.kind === "chat" ? { delta: finish ? {} : { content: text } } : { text: finish ? "" : text };
  return {
    id,
    object: request.kind === "chat" ? "chat.completion.chunk" : "text_completion",
    created,
    model,
    choices: [{ index: 0, ...content, logprobs: null, finish_reason: finish ? "length" : null }],
  };
}

/** The first event of a chat's stream. */
function roleChunk(generated: Generated) {
  const opening = chunk(generated, "", false);
  return { ...opening, choices: [{ ...opening.choices[0], delta: { role: "assistant", content: "" } }] };
}

/** The event with the usage and without a choice, for `stream_options.include_usage`. */
function usageChunk(generated: Generated, tokens: number) {
  return { ...chunk(generated, "", true), choices: [], usage: usage(generated.request, tokens) };
}

function usage(request: GenerationRequest, tokens: number) {
  const promptTokens = countTokens(request.prompt);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: tokens,
    total_tokens: promptTokens + tokens,
  };
}
