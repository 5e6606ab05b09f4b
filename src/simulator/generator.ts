import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { seedFor } from "../random.js";
import { generation } from "./generation.js";
import type { GenerationRequest } from "./generation-request.js";
import type { ModelLog } from "./model-log.js";
import { chunk, completionBody, type Generated, roleChunk, usageChunk } from "./openai-shapes.js";
import { Places } from "./places.js";
import type { Responder } from "./responder.js";

interface GeneratorInput {
  readonly log: ModelLog;
  readonly responder: Responder;
  readonly model: string;
  readonly tokensPerSecond: number;
  readonly firstTokenMs: number;
  readonly maxConcurrency: number;
  readonly jitter: number;
  readonly seed: number;
}

/** Generates answers: keeps the places and the pace, and counts what it did. */
export class Generator {
  readonly #input: GeneratorInput;
  readonly #places: Places;
  readonly #counts = { requests: 0, completed: 0, cancelled: 0, tokens: 0 };

  constructor(input: GeneratorInput) {
    this.#input = input;
    this.#places = new Places(input.maxConcurrency);
  }

  get counts() {
    return { ...this.#counts, waiting: this.#places.waiting, running: this.#places.taken };
  }

  /**
   * Answers one request, whole or as a stream of events. Resolves when it is over, however it ended: when the
   * client goes away, waiting or running, generation stops and the log says so.
   */
  async serve(request: GenerationRequest, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    const onClose = () => gone.abort();
    response.once("close", onClose);
    const generated: Generated = {
      id: `${request.kind === "chat" ? "chatcmpl" : "cmpl"}-${randomUUID().replaceAll("-", "")}`,
      created: Math.floor(Date.now() / 1000),
      model: this.#input.model,
      request,
    };
    this.#counts.requests += 1;
    try {
      await this.#inPlace(generated, response, gone.signal);
      this.#counts.completed += 1;
    } catch (error) {
      if (!gone.signal.aborted) throw error;
      this.#counts.cancelled += 1;
      this.#input.log.info("async_llm.py:431", `Aborted request ${generated.id}: the client went away.`);
    } finally {
      response.removeListener("close", onClose);
    }
  }

  async #inPlace(generated: Generated, response: ServerResponse, signal: AbortSignal): Promise<void> {
    await this.#places.enter(signal);
    try {
      if (generated.request.stream) await this.#stream(generated, response, signal);
      else await this.#whole(generated, response, signal);
    } finally {
      this.#places.leave();
    }
  }

  async #whole(generated: Generated, response: ServerResponse, signal: AbortSignal): Promise<void> {
    let text = "";
    for await (const token of this.#tokens(generated.request, signal)) text += token;
    const body = completionBody(generated, text, generated.request.maxTokens);
    this.#input.responder.json(response, 200, body);
  }

  async #stream(generated: Generated, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const { kind, includeUsage, maxTokens } = generated.request;
    const send = async (event: object) => {
      if (!response.write(`data: ${JSON.stringify(event)}\n\n`)) await once(response, "drain", { signal });
    };
    this.#input.responder.head(response, 200, {
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
      this.#counts.tokens += 1;
      yield token;
    }
  }
}
