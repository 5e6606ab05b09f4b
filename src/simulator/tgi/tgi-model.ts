import { beginEvents, sendJson } from "../answer.js";
import { Inference, type InferenceOptions } from "../language/inference.js";
import type { RouteContext, SimulatedModel, SimulatedRoute } from "../simulated-model.js";
import { tgiLog } from "./tgi-log.js";
import { type TgiRequest, tgiRequest } from "./tgi-request.js";

/** Options of a {@link TgiModel}. */
export interface TgiModelOptions extends InferenceOptions {
  /**
   * Name of the model.
   * @default "simulated/llm-8b"
   */
  readonly model?: string;
  /**
   * Tokens that a prompt may have; a longer one is refused.
   * @default 4095
   */
  readonly maxInputTokens?: number;
  /**
   * Tokens of prompt and answer together; a request for more is refused.
   * @default 4096
   */
  readonly maxTotalTokens?: number;
}

/** A simulated text-generation-inference. It answers the same prompt with the same text. */
export class TgiModel implements SimulatedModel {
  readonly title: string;
  readonly closing = "hyper";
  readonly loading: SimulatedModel["loading"];
  readonly outOfMemory = tgiLog.outOfMemory;
  readonly crashed = tgiLog.crashed;
  readonly answered = tgiLog.answered;
  readonly routes: ReadonlyMap<string, SimulatedRoute>;
  readonly #inference: Inference;

  constructor(options: TgiModelOptions = {}) {
    const model = options.model ?? "simulated/llm-8b";
    const limits = {
      maxInputTokens: options.maxInputTokens ?? 4095,
      maxTotalTokens: options.maxTotalTokens ?? 4096,
    };
    this.title = `tgi, model ${model}`;
    this.loading = tgiLog.loading(model);
    this.#inference = new Inference(options);
    const info = {
      model_id: model,
      max_concurrent_requests: 128,
      max_input_tokens: limits.maxInputTokens,
      max_total_tokens: limits.maxTotalTokens,
      router: "text-generation-router",
      version: "3.3.4 (simulated)",
    };
    this.routes = new Map<string, SimulatedRoute>([
      ["/info", { method: "GET", serve: ({ response }) => sendJson(response, 200, info) }],
      ["/generate", { method: "POST", serve: (asked) => this.#whole(tgiRequest(asked.body, limits), asked) }],
      [
        "/generate_stream",
        { method: "POST", serve: (asked) => this.#stream(tgiRequest(asked.body, limits), asked) },
      ],
    ]);
  }

  get waiting(): number {
    return this.#inference.waiting;
  }

  get produced(): number {
    return this.#inference.tokens;
  }

  refusal(status: number, message: string): object {
    return { error: message, error_type: status === 422 ? "validation" : "generation" };
  }

  async #whole(request: TgiRequest, { response, signal }: RouteContext): Promise<void> {
    const made = await this.#inference.text(request.inputs, workOf(request), signal);
    const text = request.returnFullText ? request.inputs + made : made;
    sendJson(response, 200, { generated_text: text, ...detailsOf(request) });
  }

  async #stream(request: TgiRequest, { response, signal }: RouteContext): Promise<void> {
    const send = beginEvents(response, signal);
    let text = request.returnFullText ? request.inputs : "";
    let index = 0;
    for await (const token of this.#inference.words(request.inputs, workOf(request), signal)) {
      index += 1;
      text += token;
      const isLast = index === request.maxNewTokens;
      await send({
        index,
        token: { id: 1000 + index, text: token, logprob: -0.5, special: false },
        generated_text: isLast ? text : null,
        details: isLast ? (detailsOf(request).details ?? null) : null,
      });
    }
    response.end();
  }
}

const workOf = ({ inputTokens, maxNewTokens }: TgiRequest) => ({ prompt: inputTokens, tokens: maxNewTokens });

function detailsOf({ details, maxNewTokens }: TgiRequest) {
  return details ? { details: { finish_reason: "length", generated_tokens: maxNewTokens, seed: null } } : {};
}
