import { sendJson } from "../answer.js";
import { Inference, type InferenceOptions } from "../language/inference.js";
import { RefusedRequest, type SimulatedModel, type SimulatedRoute } from "../simulated-model.js";
import { Departures } from "./departures.js";
import { chatDialect, completionDialect, type Dialect, nativeDialect } from "./dialect.js";
import { embeddingsRoute, rerankRoute } from "./embedding-routes.js";
import { messagesDialect, responsesDialect } from "./event-dialects.js";
import type { GenerationRequest } from "./generation.js";
import { Generator } from "./generator.js";
import { llamaCppLog } from "./llama-cpp-log.js";
import {
  anthropicMessages,
  chatPrompt,
  infillPrompt,
  type Prompt,
  promptOf,
  promptsOf,
  responsesMessages,
} from "./prompts.js";
import { type Body, isObject, isTrue, numberOf, readBody, required } from "./request-body.js";
import { Slots } from "./slots.js";
import { Vocabulary } from "./vocabulary.js";

/** Options of a {@link LlamaCppModel}. */
export interface LlamaCppModelOptions extends InferenceOptions {
  /**
   * Name of the model.
   * @default "simulated/llm-8b"
   */
  readonly model?: string;
  /** Tokens of the context, at least 1. A prompt that does not fit is refused. Default: 131072. */
  readonly contextLength?: number;
  /** Slots, each with its share of the context. Default: four that share the context, or `maxConcurrency` of them. */
  readonly parallel?: number;
  /** Whether the model embeds texts, and does not generate any. Default: no. */
  readonly embeddings?: boolean;
  /** Whether the model ranks texts, and does not generate any. Default: no. */
  readonly reranking?: boolean;
}

const CONTEXT_LENGTH = 131_072;
const SLOTS = 4;

const TYPES: Readonly<Record<number, string>> = {
  404: "not_found_error",
  501: "not_supported_error",
  503: "unavailable_error",
};
/** Messages that do not depend on the request. */
const MESSAGES: Readonly<Record<number, string>> = { 404: "File Not Found", 503: "Loading model" };

/** A simulated server of llama.cpp, version b8797. It continues the same prompt with the same text. */
export class LlamaCppModel implements SimulatedModel {
  readonly title: string;
  readonly closing = "cpp-httplib";
  readonly loading: SimulatedModel["loading"];
  readonly outOfMemory = llamaCppLog.outOfMemory;
  readonly crashed = llamaCppLog.crashed;
  readonly answered = llamaCppLog.answered;
  readonly headers = {
    server: "llama.cpp",
    "access-control-allow-origin": "",
    "content-type": "application/json; charset=utf-8",
  };
  readonly wrongMethodStatus = 404;
  readonly routes: ReadonlyMap<string, SimulatedRoute>;
  readonly #model: string;
  readonly #isGenerating: boolean;
  readonly #inference: Inference;
  readonly #slots: Slots;
  readonly #vocabulary = new Vocabulary();
  readonly #departures = new Departures();
  readonly #generator: Generator;

  constructor(options: LlamaCppModelOptions = {}) {
    const { model = "simulated/llm-8b", parallel, maxConcurrency, embeddings, reranking } = options;
    this.title = `llama-cpp, model ${model}`;
    this.#model = model;
    this.#isGenerating = !embeddings && !reranking;
    // Its slots are the limit.
    this.#inference = new Inference({ ...options, maxConcurrency: Number.POSITIVE_INFINITY });
    this.#slots = new Slots({
      count: parallel ?? maxConcurrency ?? SLOTS,
      contextLength: options.contextLength ?? CONTEXT_LENGTH,
      isShared: parallel === undefined,
    });
    const { count: slots, contextLength } = this.#slots;
    this.loading = llamaCppLog.loading({ model, slots, contextLength });
    const shared = { model, inference: this.#inference, vocabulary: this.#vocabulary };
    this.#generator = new Generator({
      ...shared,
      slots: this.#slots,
      departures: this.#departures,
      refusal: ({ status, message, fields }) => this.refusal(status, message, fields),
    });
    this.routes = new Map<string, SimulatedRoute>([
      ["/health", { method: "GET", serve: ({ response }) => sendJson(response, 200, { status: "ok" }) }],
      ["/v1/models", { method: "GET", serve: ({ response }) => sendJson(response, 200, this.#models()) }],
      ["/v1/completions", this.#generating(completionDialect, (body) => this.#prompts(body))],
      ["/v1/chat/completions", this.#generating(chatDialect, ({ messages }) => this.#chat(messages))],
      ["/v1/responses", this.#generating(responsesDialect, (body) => this.#chat(responsesMessages(body)))],
      ["/v1/messages", this.#generating(messagesDialect, (body) => this.#chat(anthropicMessages(body)))],
      ["/completion", this.#generating(nativeDialect, (body) => this.#prompts(body))],
      [
        "/infill",
        this.#generating(nativeDialect, (body) => [promptOf(infillPrompt(body), this.#vocabulary)]),
      ],
      ["/v1/embeddings", embeddingsRoute({ ...shared, isEnabled: !this.#isGenerating })],
      ["/v1/rerank", rerankRoute({ ...shared, isEnabled: reranking ?? false })],
      ["/v1/messages/count_tokens", answering((body) => this.#countTokens(body))],
      ["/tokenize", answering((body) => this.#tokenize(body))],
      ["/detokenize", answering((body) => this.#detokenize(body))],
      ["/apply-template", answering(({ messages }) => ({ prompt: chatPrompt(messages) }))],
    ]);
  }

  get waiting(): number {
    return this.#slots.waiting;
  }

  get produced(): number {
    return this.#inference.tokens;
  }

  halted(): void {
    this.#departures.halt();
  }

  refusal(status: number, message: string, fields: object) {
    const type = TYPES[status] ?? (status < 500 ? "invalid_request_error" : "server_error");
    return { error: { code: status, message: MESSAGES[status] ?? message, type, ...fields } };
  }

  #generating(dialect: Dialect, promptsIn: (body: Body) => readonly Prompt[]): SimulatedRoute {
    return {
      method: "POST",
      serve: (context) => {
        const body = readBody(context.body);
        const request = requestOf(body, promptsIn(body));
        if (!this.#isGenerating) {
          throw new RefusedRequest(500, "the current context does not logits computation. skipping");
        }
        return this.#generator.serve(request, dialect, context);
      },
    };
  }

  #prompts(body: Body): readonly Prompt[] {
    return promptsOf(required(body, "prompt"), this.#vocabulary);
  }

  #chat(messages: unknown): readonly Prompt[] {
    return [promptOf(chatPrompt(messages), this.#vocabulary)];
  }

  #countTokens(body: Body): object {
    const [prompt] = this.#chat(anthropicMessages(body));
    return { input_tokens: prompt?.tokens.length ?? 0 };
  }

  #tokenize({ content, with_pieces, add_special }: Body): object {
    if (content === undefined) return { tokens: [] };
    const [prompt] = promptsOf(content, this.#vocabulary, 500);
    const begin = add_special === true || typeof content !== "string" ? 0 : 1;
    const tokens = prompt?.tokens.slice(begin) ?? [];
    if (with_pieces !== true) return { tokens };
    return { tokens: tokens.map((id) => ({ id, piece: this.#vocabulary.detokenize([id]) })) };
  }

  #detokenize({ tokens }: Body): object {
    if (tokens === undefined) return { content: "" };
    if (!Array.isArray(tokens) || !tokens.every(Number.isInteger)) {
      throw new RefusedRequest(500, "[json.exception.type_error.302] type must be number");
    }
    return { content: this.#vocabulary.detokenize(tokens) };
  }

  #models(): object {
    const model = this.#model;
    const meta = {
      vocab_type: 2,
      n_vocab: this.#vocabulary.size,
      n_ctx: this.#slots.contextLength,
      n_ctx_train: CONTEXT_LENGTH,
      n_embd: 4096,
      n_params: 8_000_000_000,
      size: 4_900_000_000,
    };
    const listed = { id: model, aliases: [model], tags: [], object: "model", owned_by: "llamacpp", meta };
    const own = { name: model, model, type: "model", capabilities: ["completion"] };
    const created = Math.floor(Date.now() / 1000);
    return { models: [own], object: "list", data: [{ ...listed, created }] };
  }
}

/** A route that answers without the model. */
function answering(answer: (body: Body) => object): SimulatedRoute {
  return {
    method: "POST",
    serve: ({ body, response }) => sendJson(response, 200, answer(readBody(body))),
  };
}

/** What a request asks for. Values of a wrong type count as absent, as with llama.cpp. */
function requestOf(body: Body, prompts: readonly Prompt[]): GenerationRequest {
  const limit = numberOf(body, "n_predict", "max_completion_tokens", "max_tokens", "max_output_tokens") ?? -1;
  return {
    prompts,
    maxTokens: limit < 0 ? undefined : limit,
    ignoreEos: isTrue(body, "ignore_eos"),
    stream: isTrue(body, "stream"),
    includeUsage: isObject(body.stream_options) && isTrue(body.stream_options, "include_usage"),
    logprobs: isTrue(body, "logprobs") || (numberOf(body, "n_probs", "logprobs") ?? 0) > 0,
  };
}
