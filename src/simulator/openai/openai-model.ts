import type { z } from "zod";
import { jsonBody } from "../json-body.js";
import { sendJson } from "../send-json.js";
import type { SimulatedModel, SimulatedRoute } from "../simulated-model.js";
import {
  chatRequest,
  chatSchema,
  completionRequest,
  completionSchema,
  type GenerationRequest,
} from "./generation-request.js";
import { Generator } from "./generator.js";
import type { OpenaiModelOptions } from "./openai-model-options.js";
import { errorBody } from "./openai-shapes.js";
import type { ServerLog } from "./server-log.js";
import { vllmLog } from "./vllm-log.js";

/** The servers with OpenAI's interface that can be simulated. */
export type OpenaiServer = keyof typeof LOGS;

const LOGS = { vllm: vllmLog } satisfies Record<string, ServerLog>;

/** A simulated server with OpenAI's interface. It answers the same prompt with the same text. */
export class OpenaiModel implements SimulatedModel {
  readonly title: string;
  readonly loading: SimulatedModel["loading"];
  readonly outOfMemory: SimulatedModel["outOfMemory"];
  readonly crashed: SimulatedModel["crashed"];
  readonly answered: SimulatedModel["answered"];
  readonly routes: ReadonlyMap<string, SimulatedRoute>;
  readonly refusal = errorBody;
  readonly #generator: Generator;

  /** @param server whose log it writes. */
  constructor(server: OpenaiServer, options: OpenaiModelOptions = {}) {
    const model = options.model ?? "simulated/llm-8b";
    const log = LOGS[server];
    this.title = `${server}, model ${model}`;
    this.loading = log.loading(model);
    this.outOfMemory = log.outOfMemory;
    this.crashed = log.crashed;
    this.answered = log.answered;
    this.#generator = new Generator({
      model,
      tokensPerSecond: options.tokensPerSecond ?? 50,
      firstTokenMs: options.firstTokenMs ?? 20,
      maxConcurrency: options.maxConcurrency ?? Number.POSITIVE_INFINITY,
      jitter: options.jitter ?? 0.1,
      seed: options.seed ?? 1,
    });
    const models = {
      object: "list",
      data: [{ id: model, object: "model", created: 0, owned_by: "tsworker" }],
    };
    this.routes = new Map<string, SimulatedRoute>([
      ["/v1/models", { method: "GET", serve: ({ response }) => sendJson(response, 200, models) }],
      ["/v1/completions", this.#generating(completionSchema, completionRequest)],
      ["/v1/chat/completions", this.#generating(chatSchema, chatRequest)],
    ]);
  }

  get waiting(): number {
    return this.#generator.waiting;
  }

  get produced(): number {
    return this.#generator.tokens;
  }

  #generating<Schema extends z.ZodType>(
    schema: Schema,
    read: (body: z.infer<Schema>) => GenerationRequest,
  ): SimulatedRoute {
    return {
      method: "POST",
      serve: (exchange) => this.#generator.serve(read(jsonBody(exchange.body, schema)), exchange),
    };
  }
}
