import { once } from "node:events";
import { customAlphabet } from "nanoid";
import { sendJson } from "../answer.js";
import type { Inference } from "../language/inference.js";
import { RefusedRequest, type RouteContext } from "../simulated-model.js";
import type { Departures } from "./departures.js";
import type { Dialect } from "./dialect.js";
import { Generation, type GenerationRequest, type Token } from "./generation.js";
import type { Slots } from "./slots.js";
import type { Vocabulary } from "./vocabulary.js";

const randomId = customAlphabet("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 32);

/** Tokens of texts that the model ends by itself: at least, and how much more at most. */
const OWN_LENGTH = { least: 16, more: 112 };

interface GeneratorInput {
  readonly model: string;
  readonly inference: Inference;
  readonly slots: Slots;
  readonly vocabulary: Vocabulary;
  readonly departures: Departures;
  /** The refusal of a request that has begun to be answered. */
  readonly refusal: (refused: RefusedRequest) => object;
}

/** Answers requests to generate, each prompt in a slot. */
export class Generator {
  readonly #input: GeneratorInput;
  #tasks = 0;

  constructor(input: GeneratorInput) {
    this.#input = input;
  }

  /**
   * Answers one request, whole or as a stream of events.
   *
   * @throws RefusedRequest for a prompt that exceeds the context of a slot, or when the slots have filled their common one.
   * @throws the signal's reason.
   */
  async serve(request: GenerationRequest, dialect: Dialect, context: RouteContext): Promise<void> {
    const { model, departures } = this.#input;
    const id = `chatcmpl-${randomId()}`;
    const generations = request.prompts.map(
      (prompt, index) => new Generation({ id, model, index, prompt, request }),
    );
    const stop = new AbortController();
    const departure = departures.watch(context.signal, stop);
    try {
      if (request.stream) await this.#stream(generations, dialect, { ...context, stop, departure });
      else await this.#whole(generations, dialect, { ...context, stop });
    } catch (error) {
      // Its other prompts are not continued either.
      stop.abort(error);
      throw error;
    } finally {
      departure.end();
    }
  }

  async #whole(
    generations: readonly Generation[],
    dialect: Dialect,
    context: RouteContext & { readonly stop: AbortController },
  ): Promise<void> {
    const running = generations.map(async (generation) => {
      for await (const _ of this.#tokens(generation, context));
    });
    await Promise.all(running);
    const [first, ...others] = generations;
    if (first !== undefined) sendJson(context.response, 200, dialect.whole([first, ...others]));
  }

  /** The head of the answer is sent with the first token: what goes wrong before is answered with its own status. */
  async #stream(
    generations: readonly Generation[],
    dialect: Dialect,
    context: RouteContext & { readonly stop: AbortController; readonly departure: { noticeAtOnce(): void } },
  ): Promise<void> {
    const { response, stop } = context;
    const send = async (events: readonly object[]): Promise<void> => {
      const text = events.map((event) => written(event, dialect)).join("");
      if (!response.write(text)) await once(response, "drain", { signal: stop.signal });
    };
    try {
      for (const generation of generations) {
        for await (const token of this.#tokens(generation, context)) {
          if (!response.headersSent) {
            response.writeHead(200, { "content-type": "text/event-stream" });
            context.departure.noticeAtOnce();
          }
          await send(dialect.token(generation, token));
        }
        await send(dialect.end(generation));
      }
    } catch (error) {
      if (!(error instanceof RefusedRequest && response.headersSent)) throw error;
      response.end(`${dialect.errorPrefix ?? ""}data: ${JSON.stringify(this.#input.refusal(error))}\n\n`);
      return;
    }
    response.end(dialect.hasDone ? "data: [DONE]\n\n" : "");
  }

  async *#tokens(
    generation: Generation,
    { stop, log }: RouteContext & { readonly stop: AbortController },
  ): AsyncGenerator<Token, void> {
    const { inference, slots, vocabulary } = this.#input;
    const { prompt } = generation;
    this.#tasks += 1;
    const task = this.#tasks;
    const place = (): string => `id  ${generation.slot} | task ${task}`;
    if (prompt.tokens.length >= slots.contextLength)
      throw exceeding(prompt.tokens.length, slots.contextLength);
    const slot = await slots.acquire(prompt.tokens, stop).catch((error: unknown) => {
      log.line(endLine(task, error));
      throw error;
    });
    try {
      generation.begin(slot.id, slot.cached);
      log.line(`slot launch_slot_: ${place()} | processing task, is_child = 0`);
      const room = slots.contextLength - prompt.tokens.length;
      const wanted = this.#lengthOf(generation);
      const work = { prompt: prompt.tokens.length - slot.cached, tokens: Math.min(wanted, room) };
      for await (const piece of inference.words(prompt.text, work, stop.signal)) {
        const [id = 0] = vocabulary.tokenize(piece);
        slot.add(id);
        const token = { id, piece };
        generation.add(token);
        yield token;
      }
      const { maxTokens, ignoreEos } = generation.request;
      generation.isTruncated = wanted > room;
      generation.stop = maxTokens === undefined && !ignoreEos && wanted <= room ? "eos" : "limit";
    } finally {
      if (stop.signal.aborted) log.line(endLine(task, stop.signal.reason));
      slot.release();
      const tokens = prompt.tokens.length + generation.tokens.length;
      const end = `n_tokens = ${tokens}, truncated = ${Number(generation.isTruncated)}`;
      log.line(`slot      release: ${place()} | stop processing: ${end}`);
      if (slots.processing === 0) log.line("srv  update_slots: all slots are idle");
    }
  }

  /** Tokens to generate. The first one is made before the server checks the limit. */
  #lengthOf({ prompt, request: { maxTokens, ignoreEos } }: Generation): number {
    if (maxTokens !== undefined) return Math.max(1, Math.floor(maxTokens));
    if (ignoreEos) return Number.POSITIVE_INFINITY;
    return OWN_LENGTH.least + (this.#input.inference.seedFor(prompt.text) % OWN_LENGTH.more);
  }
}

/** The line about a task that does not come to its end. */
function endLine(task: number, reason: unknown): string {
  if (reason instanceof RefusedRequest)
    return `srv    send_error: task id = ${task}, error: ${reason.message}`;
  return `srv          stop: cancel task, id_task = ${task}`;
}

/** The refusal of a prompt that does not fit into a slot. */
function exceeding(prompt: number, contextLength: number): RefusedRequest {
  const message =
    `request (${prompt} tokens) exceeds the available context size (${contextLength} tokens), ` +
    "try increasing it";
  const fields = { type: "exceed_context_size_error", n_prompt_tokens: prompt, n_ctx: contextLength };
  return new RefusedRequest(400, message, fields);
}

function written(event: object, { isNamed }: Dialect): string {
  const name = isNamed ? `event: ${Reflect.get(event, "type")}\n` : "";
  return `${name}data: ${JSON.stringify(event)}\n\n`;
}
