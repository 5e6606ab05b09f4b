import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { beginEvents } from "../begin-events.js";
import { countTokens } from "../language/count-tokens.js";
import { sendJson } from "../send-json.js";
import type { Exchange } from "../simulated-model.js";
import type { GenerationRequest } from "./generation-request.js";
import { chunk, completionBody, type Generated, roleChunk, usageChunk } from "./openai-shapes.js";
import type { Served } from "./served.js";

/** Answers completions and chats. */
export class Generator {
  readonly #served: Served;

  constructor(served: Served) {
    this.#served = served;
  }

  /**
   * Answers one request, whole or as a stream of events. When the client goes away, waiting or running, generation
   * stops and the log says so.
   *
   * @throws RefusedRequest for one that the model cannot take.
   * @throws the signal's reason.
   */
  async serve(request: GenerationRequest, { response, signal, log }: Exchange): Promise<void> {
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
