import { z } from "zod";
import { beginEvents, sendJson } from "./answer.js";
import { Inference, type InferenceOptions } from "./language/inference.js";
import { countTokens } from "./language/text.js";
import { accessLine, downloadLine } from "./model-log.js";
import { jsonBody } from "./request.js";
import type { RouteContext, SimulatedModel, SimulatedRoute } from "./simulated-model.js";

const schema = z.object({
  prompt: z.string(),
  max_tokens: z.int().positive().max(100_000).nullish(),
});

/** Default of `max_tokens`. */
const TOKENS = 32;

/** A minimal token server: `POST /generate` and `/generate_stream`, `GET /healthcheck`. */
export class HelloWorldModel implements SimulatedModel {
  readonly title = "hello-world";
  readonly closing = "uvicorn";
  readonly loading: SimulatedModel["loading"] = [
    { share: 0, write: (log) => log.line(downloadLine("Downloading hello-world.bin")) },
    { share: 0.5, write: (log) => log.line("loading hello-world.bin") },
    { share: 0.5, write: (log) => log.line("infer server has started"), isReadyLine: true },
  ];
  readonly routes: ReadonlyMap<string, SimulatedRoute>;
  readonly #inference: Inference;

  constructor(options: InferenceOptions = {}) {
    this.#inference = new Inference(options);
    this.routes = new Map<string, SimulatedRoute>([
      ["/healthcheck", { method: "GET", serve: ({ response }) => sendJson(response, 200, { status: "ok" }) }],
      ["/generate", { method: "POST", serve: (context) => this.#whole(context) }],
      ["/generate_stream", { method: "POST", serve: (context) => this.#stream(context) }],
    ]);
  }

  get waiting(): number {
    return this.#inference.waiting;
  }

  get produced(): number {
    return this.#inference.tokens;
  }

  readonly outOfMemory: SimulatedModel["outOfMemory"] = (log) => {
    log.line("torch.OutOfMemoryError: CUDA out of memory.");
    log.line("Exception: corrupted model file");
  };

  readonly crashed: SimulatedModel["crashed"] = (log) => log.line("Exception: corrupted model file");

  readonly answered: SimulatedModel["answered"] = (log, answered) => log.line(accessLine(answered));

  refusal(_status: number, message: string): object {
    return { error: message };
  }

  async #whole({ body, response, signal }: RouteContext): Promise<void> {
    const { prompt, work } = read(body);
    const text = await this.#inference.text(prompt, work, signal);
    sendJson(response, 200, { text, tokens: work.tokens });
  }

  async #stream({ body, response, signal }: RouteContext): Promise<void> {
    const { prompt, work } = read(body);
    const send = beginEvents(response, signal);
    for await (const token of this.#inference.words(prompt, work, signal)) await send({ token });
    response.end();
  }
}

function read(body: Buffer) {
  const { prompt, max_tokens } = jsonBody(body, schema);
  return { prompt, work: { prompt: countTokens(prompt), tokens: max_tokens ?? TOKENS } };
}
