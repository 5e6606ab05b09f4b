import type { ServerResponse } from "node:http";
import type { z } from "zod";
import { sendJson } from "../answer.js";
import { Inference, type InferenceOptions } from "../language/inference.js";
import { jsonBody } from "../request.js";
import type { SimulatedModel, SimulatedRoute } from "../simulated-model.js";
import type { Purpose } from "../simulator-options.js";
import { speech, transcriptions } from "./audio.js";
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
import { rerank, score } from "./relevance.js";
import { CACHE_TOKENS, ServedModel, type ServerTraits } from "./served-model.js";
import { sglang } from "./sglang.js";
import { vllm } from "./vllm.js";

/** Options of an {@link OpenaiModel}. */
export interface OpenaiModelOptions extends InferenceOptions {
  /**
   * Name under which the model is served.
   * @default "simulated/llm-8b"
   */
  readonly model?: string;
  /**
   * Tokens of prompt and answer together; a request for more is refused.
   * @default Infinity
   */
  readonly contextLength?: number;
  /** What the model is for: the routes for other purposes are not there. Default: all purposes. */
  readonly serves?: Purpose;
}

/** The servers with OpenAI's interface that can be simulated. */
export type OpenaiServer = keyof typeof SERVERS;

const SERVERS = { vllm, sglang } satisfies Record<string, ServerTraits>;

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

  /** @param server whose log and error bodies it has. */
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
    const served = new ServedModel({
      model,
      inference: this.#inference,
      traits,
      contextLength: options.contextLength ?? Number.POSITIVE_INFINITY,
    });
    const load = () => ({
      model,
      waiting: this.#inference.waiting,
      running: this.#inference.running,
      cacheUsage: Math.min(1, this.#inference.held / CACHE_TOKENS),
    });
    const models = {
      object: "list",
      data: [{ id: model, object: "model", created: 0, owned_by: "tsworker" }],
    };
    this.routes = new Map<string, SimulatedRoute>([
      ["/v1/models", { method: "GET", serve: ({ response }) => sendJson(response, 200, models) }],
      ["/metrics", { method: "GET", serve: ({ response }) => sendMetrics(response, traits.metrics(load())) }],
      ...Object.entries(routesFor(served))
        .filter(([purpose]) => options.serves === undefined || purpose === options.serves)
        .flatMap(([, routes]) => Object.entries(routes)),
    ]);
  }

  get waiting(): number {
    return this.#inference.waiting;
  }

  get produced(): number {
    return this.#inference.tokens;
  }
}

/** Sends gauges in the text format of Prometheus. */
function sendMetrics(response: ServerResponse, series: readonly string[]): void {
  const text = series.map((line) => `# TYPE ${/^[\w:]+/.exec(line)?.[0]} gauge\n${line}\n`).join("");
  response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
  response.end(text);
}

/** The routes for each purpose. */
function routesFor(served: ServedModel): Readonly<Record<Purpose, Readonly<Record<string, SimulatedRoute>>>> {
  const generator = new Generator(served);
  return {
    text: {
      "/v1/completions": generating(generator, completionSchema, completionRequest),
      "/v1/chat/completions": generating(generator, chatSchema, chatRequest),
    },
    embeddings: { "/v1/embeddings": embeddings(served) },
    ranking: { "/v1/rerank": rerank(served), "/v1/score": score(served) },
    speech: { "/v1/audio/speech": speech(served) },
    transcriptions: {
      "/v1/audio/transcriptions": transcriptions(served, "transcribe"),
      "/v1/audio/translations": transcriptions(served, "translate"),
    },
    images: {
      "/v1/images/generations": imageGenerations(served),
      "/v1/images/edits": imageEdits(served),
    },
  };
}

function generating<Schema extends z.ZodType>(
  generator: Generator,
  schema: Schema,
  read: (body: z.infer<Schema>) => GenerationRequest,
): SimulatedRoute {
  return {
    method: "POST",
    serve: (context) => generator.serve(read(jsonBody(context.body, schema)), context),
  };
}
