import type { IncomingMessage, ServerResponse } from "node:http";
import { ZodError } from "zod";
import { BodyTooLarge, readBody } from "../stand-in/read-body.js";
import { chatRequest, completionRequest, type GenerationRequest } from "./generation-request.js";
import type { Generator } from "./generator.js";
import { errorBody } from "./openai-shapes.js";
import type { Responder } from "./responder.js";

/** Longest body taken; a longer one is answered 413. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;

interface ModelRoutesInput {
  readonly model: string;
  readonly generator: Generator;
  readonly responder: Responder;
  /** Whether the model has been loaded and has not crashed. */
  readonly isReady: () => boolean;
  /** Told of every request to generate that is refused. */
  readonly onRefused: () => void;
}

interface Route {
  readonly method: "GET" | "POST";
  readonly serve: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
}

/** The paths of a simulated model server and what they answer. */
export class ModelRoutes {
  readonly #input: ModelRoutesInput;
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(input: ModelRoutesInput) {
    this.#input = input;
    this.#routes = new Map<string, Route>([
      ["/health", { method: "GET", serve: (_, response) => this.#health(response) }],
      ["/v1/models", { method: "GET", serve: (_, response) => this.#models(response) }],
      ["/v1/completions", this.#generating(completionRequest)],
      ["/v1/chat/completions", this.#generating(chatRequest)],
    ]);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = "/"] = (request.url ?? "/").split("?");
    const route = this.#routes.get(path);
    if (!route) return this.#refuse(response, 404, "Not Found");
    if (request.method !== route.method) {
      return this.#refuse(response, 405, "Method Not Allowed", { allow: route.method });
    }
    await route.serve(request, response);
  }

  #health(response: ServerResponse): void {
    this.#input.responder.json(response, this.#input.isReady() ? 200 : 503, undefined);
  }

  #models(response: ServerResponse): void {
    const model = { id: this.#input.model, object: "model", created: 0, owned_by: "tsworker" };
    this.#input.responder.json(response, 200, { object: "list", data: [model] });
  }

  #generating(parse: (body: unknown) => GenerationRequest): Route {
    const serve = async (request: IncomingMessage, response: ServerResponse) => {
      const refuse = (status: number, message: string) => {
        this.#input.onRefused();
        this.#refuse(response, status, message);
      };
      let text: string;
      try {
        text = await readBody(request, MAX_BODY_BYTES);
      } catch (error) {
        // Anything else is a client that went away: nobody to answer.
        if (error instanceof BodyTooLarge) refuse(413, error.message);
        return;
      }
      if (!this.#input.isReady()) return refuse(503, "the model is not ready");
      let wanted: GenerationRequest;
      try {
        wanted = parse(JSON.parse(text));
      } catch (error) {
        return refuse(400, reasonOf(error));
      }
      await this.#input.generator.serve(wanted, response);
    };
    return { method: "POST", serve };
  }

  #refuse(
    response: ServerResponse,
    status: number,
    message: string,
    headers?: { readonly allow: string },
  ): void {
    this.#input.responder.json(response, status, errorBody(status, message), headers);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return `the body is not JSON: ${error.message}`;
  if (!(error instanceof ZodError)) throw error;
  return error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`).join("; ");
}
