import { z } from "zod";
import { accessLine } from "../access-line.js";
import { beginEvents } from "../begin-events.js";
import { downloadLine } from "../download-line.js";
import { jsonBody } from "../json-body.js";
import { countTokens } from "../language/count-tokens.js";
import { Inference } from "../language/inference.js";
import type { InferenceOptions } from "../language/inference-options.js";
import { sendJson } from "../send-json.js";
import type { Exchange, SimulatedModel, SimulatedRoute } from "../simulated-model.js";

const schema = z.object({
  prompt: z.string(),
  max_tokens: z.int().positive().max(100_000).nullish(),
});

/** Tokens of an answer for which nothing is said. */
const TOKENS = 32;

/** The smallest server there is that makes tokens: `POST /generate` and `/generate_stream`, `GET /healthcheck`. */
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
      ["/generate", { method: "POST", serve: (exchange) => this.#whole(exchange) }],
      ["/generate_stream", { method: "POST", serve: (exchange) => this.#stream(exchange) }],
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

  async #whole({ body, response, signal }: Exchange): Promise<void> {
    const { prompt, work } = read(body);
    const text = await this.#inference.text(prompt, work, signal);
    sendJson(response, 200, { text, tokens: work.tokens });
  }

  async #stream({ body, response, signal }: Exchange): Promise<void> {
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
