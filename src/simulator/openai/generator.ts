import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { seedFor } from "../../random.js";
import { Places } from "../places.js";
import { sendJson } from "../send-json.js";
import type { Exchange } from "../simulated-model.js";
import { generation } from "./generation.js";
import type { GenerationRequest } from "./generation-request.js";
import { chunk, completionBody, type Generated, roleChunk, usageChunk } from "./openai-shapes.js";

interface GeneratorInput {
  readonly model: string;
  readonly tokensPerSecond: number;
  readonly firstTokenMs: number;
  readonly maxConcurrency: number;
  readonly jitter: number;
  readonly seed: number;
}

/** Generates answers: keeps the places and the pace, and counts the tokens. */
export class Generator {
  readonly #input: GeneratorInput;
  readonly #places: Places;
  #made = 0;

  constructor(input: GeneratorInput) {
    this.#input = input;
    this.#places = new Places(input.maxConcurrency);
  }

  /** Requests that wait for a place. */
  get waiting(): number {
    return this.#places.waiting;
  }

  /** Tokens generated. */
  get tokens(): number {
    return this.#made;
  }

  /**
   * Answers one request, whole or as a stream of events. When the client goes away, waiting or running, generation
   * stops and the log says so.
   *
   * @throws the signal's reason.
   */
  async serve(request: GenerationRequest, { response, signal, log }: Exchange): Promise<void> {
    const generated: Generated = {
      id: `${request.kind === "chat" ? "chatcmpl" : "cmpl"}-${randomUUID().replaceAll("-", "")}`,
      created: Math.floor(Date.now() / 1000),
      model: this.#input.model,
      request,
    };
    try {
      await this.#places.enter(signal);
      try {
        if (request.stream) await this.#stream(generated, response, signal);
        else await this.#whole(generated, response, signal);
      } finally {
        this.#places.leave();
      }
    } catch (error) {
      if (signal.aborted) {
        log.info("async_llm.py:431", `Aborted request ${generated.id}: the client went away.`);
      }
      throw error;
    }
  }

  async #whole(generated: Generated, response: ServerResponse, signal: AbortSignal): Promise<void> {
    let text = "";
    for await (const token of this.#tokens(generated.request, signal)) text += token;
    const body = completionBody(generated, text, generated.request.maxTokens);
    sendJson(response, 200, body);
  }

  async #stream(generated: Generated, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const { kind, includeUsage, maxTokens } = generated.request;
    const send = async (event: object) => {
      if (!response.write(`data: ${JSON.stringify(event)}\n\n`)) await once(response, "drain", { signal });
    };
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
    });
    if (kind === "chat") await send(roleChunk(generated));
    for await (const token of this.#tokens(generated.request, signal))
      await send(chunk(generated, token, false));
    await send(chunk(generated, "", true));
    if (includeUsage) await send(usageChunk(generated, maxTokens));
    response.end("data: [DONE]\n\n");
  }

  async *#tokens(request: GenerationRequest, signal: AbortSignal): AsyncGenerator<string, void> {
    const { seed, tokensPerSecond, firstTokenMs, jitter } = this.#input;
    const pace = { tokensPerSecond, firstTokenMs, jitter };
    const input = { ...pace, count: request.maxTokens, seed: seedFor(seed, request.prompt), signal };
    for await (const token of generation(input)) {
      this.#made += 1;
      yield token;
    }
  }
}
