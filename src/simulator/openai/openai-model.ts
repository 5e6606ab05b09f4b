import type { z } from "zod";
import { jsonBody } from "../json-body.js";
import { Inference } from "../language/inference.js";
import { sendJson } from "../send-json.js";
import type { SimulatedModel, SimulatedRoute } from "../simulated-model.js";
import { embeddings } from "./embeddings.js";
import {
  chatRequest,
  chatSchema,
  completionRequest,
  completionSchema,
  type GenerationRequest,
} from "./generation-request.js";
import { Generator } from "./generator.js";
import { imageEdits, imageGenerations } from "./images.js";
import { llamaCpp } from "./llama-cpp.js";
import type { OpenaiModelOptions } from "./openai-model-options.js";
import { rerank } from "./rerank.js";
import { score } from "./score.js";
import { Served } from "./served.js";
import type { ServerTraits } from "./server-traits.js";
import { sglang } from "./sglang.js";
import { speech } from "./speech.js";
import { transcriptions } from "./transcriptions.js";
import { vllm } from "./vllm.js";

/** The servers with OpenAI's interface that can be simulated. */
export type OpenaiServer = keyof typeof SERVERS;

const SERVERS = { vllm, sglang, "llama-cpp": llamaCpp } satisfies Record<string, ServerTraits>;

/** A simulated server with OpenAI's interface. It answers the same prompt with the same text. */
export class OpenaiModel implements SimulatedModel {
  readonly title: string;
  readonly closing: SimulatedModel["closing"];
  readonly loading: SimulatedModel["loading"];
  readonly outOfMemory: SimulatedModel["outOfMemory"];
  readonly crashed: SimulatedModel["crashed"];
  readonly answered: SimulatedModel["answered"];
  readonly refusal: SimulatedModel["refusal"];
  readonly routes: ReadonlyMap<string, SimulatedRoute>;
  readonly #inference: Inference;

  /** @param server whose log it writes, and whose errors it answers with. */
  constructor(server: OpenaiServer, options: OpenaiModelOptions = {}) {
    const model = options.model ?? "simulated/llm-8b";
    const traits = SERVERS[server];
    this.title = `${server}, model ${model}`;
    this.closing = traits.closing;
    this.loading = traits.loading(model);
    this.outOfMemory = traits.outOfMemory;
    this.crashed = traits.crashed;
    this.answered = traits.answered;
    this.refusal = traits.refusal;
    this.#inference = new Inference(options);
    const served = new Served({
      model,
      inference: this.#inference,
      traits,
      contextLength: options.contextLength ?? Number.POSITIVE_INFINITY,
    });
    const generator = new Generator(served);
    const models = {
      object: "list",
      data: [{ id: model, object: "model", created: 0, owned_by: "tsworker" }],
    };
    this.routes = new Map<string, SimulatedRoute>([
      ["/v1/models", { method: "GET", serve: ({ response }) => sendJson(response, 200, models) }],
      ["/v1/completions", generating(generator, completionSchema, completionRequest)],
      ["/v1/chat/completions", generating(generator, chatSchema, chatRequest)],
      ["/v1/embeddings", embeddings(served)],
      ["/v1/rerank", rerank(served)],
      ["/v1/score", score(served)],
      ["/v1/audio/speech", speech(served)],
      ["/v1/audio/transcriptions", transcriptions(served, "transcribe")],
      ["/v1/audio/translations", transcriptions(served, "translate")],
      ["/v1/images/generations", imageGenerations(served)],
      ["/v1/images/edits", imageEdits(served)],
    ]);
  }

  get waiting(): number {
    return this.#inference.waiting;
  }

  get produced(): number {
    return this.#inference.tokens;
  }
}

function generating<Schema extends z.ZodType>(
  generator: Generator,
  schema: Schema,
  read: (body: z.infer<Schema>) => GenerationRequest,
): SimulatedRoute {
  return {
    method: "POST",
    serve: (exchange) => generator.serve(read(jsonBody(exchange.body, schema)), exchange),
  };
}
