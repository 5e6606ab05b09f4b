import { sendJson } from "../answer.js";
import type { Inference } from "../language/inference.js";
import { base64Of, relevance, unitVector } from "../language/similarity.js";
import { RefusedRequest, type SimulatedRoute } from "../simulated-model.js";
import { type Prompt, promptsOf } from "./prompts.js";
import { isTrue, numberOf, readBody } from "./request-body.js";
import type { Vocabulary } from "./vocabulary.js";

const DIMENSIONS = 384;
/** Tokens of the longest text, `--ubatch-size`. */
const PHYSICAL_BATCH = 512;

interface EmbeddingInput {
  readonly model: string;
  readonly inference: Inference;
  readonly vocabulary: Vocabulary;
  /** Whether the server was started for it. */
  readonly isEnabled: boolean;
}

/** `POST /v1/embeddings`: unit vectors; equal texts have equal ones. */
export function embeddingsRoute({ model, inference, vocabulary, isEnabled }: EmbeddingInput): SimulatedRoute {
  return {
    method: "POST",
    serve: async ({ body: bytes, response, signal }) => {
      if (!isEnabled) throw unsupported("embeddings", "--embeddings");
      const body = readBody(bytes);
      const input = body.input ?? body.content;
      if (input === undefined) throw new RefusedRequest(400, '"input" or "content" must be provided');
      const format = body.encoding_format ?? "float";
      if (format !== "float" && format !== "base64") {
        throw new RefusedRequest(
          400,
          "The format to return the embeddings in. Can be either float or base64",
        );
      }
      const prompts = promptsOf(input, vocabulary, 500);
      const prompt_tokens = tokensOf(prompts);
      await inference.finish({ prompt: prompt_tokens, tokens: 0 }, signal);
      const data = prompts.map(({ text }, index) => {
        const vector = unitVector(inference.seedFor(text), DIMENSIONS);
        if (format === "float") return { embedding: Array.from(vector), index, object: "embedding" };
        return { embedding: base64Of(vector), index, object: "embedding", encoding_format: "base64" };
      });
      const usage = { prompt_tokens, total_tokens: prompt_tokens };
      const isOpenai = body.input !== undefined;
      const own = data.map(({ embedding, index }) => ({ index, embedding: [embedding] }));
      sendJson(response, 200, isOpenai ? { model: body.model ?? model, object: "list", usage, data } : own);
    },
  };
}

/** `POST /v1/rerank`: documents by relevance, as Jina's interface has it; with `texts` as that of Hugging Face. */
export function rerankRoute({ model, inference, vocabulary, isEnabled }: EmbeddingInput): SimulatedRoute {
  return {
    method: "POST",
    serve: async ({ body: bytes, response, signal }) => {
      if (!isEnabled) throw unsupported("reranking", "--reranking");
      const body = readBody(bytes);
      const { query } = body;
      if (query === undefined) throw new RefusedRequest(400, '"query" must be provided');
      if (typeof query !== "string") throw new RefusedRequest(400, '"query" must be a string');
      const documents = textsOf(body.documents) ?? textsOf(body.texts) ?? [];
      if (documents.length === 0)
        throw new RefusedRequest(400, '"documents" must be a non-empty string array');
      const prompts = documents.flatMap((text) => promptsOf(`${query} ${text}`, vocabulary, 500));
      const prompt_tokens = tokensOf(prompts);
      await inference.finish({ prompt: prompt_tokens, tokens: 0 }, signal);
      const ranked = documents
        .map((text, index) => ({ index, text, score: relevance(query, text) }))
        .sort((one, other) => other.score - one.score)
        .slice(0, numberOf(body, "top_n") ?? documents.length);
      if (body.texts !== undefined) {
        const hasText = isTrue(body, "return_text");
        const bare = ranked.map(({ index, score, text }) => ({ index, score, ...(hasText && { text }) }));
        sendJson(response, 200, bare);
        return;
      }
      const usage = { prompt_tokens, total_tokens: prompt_tokens };
      const results = ranked.map(({ index, score }) => ({ index, relevance_score: score }));
      sendJson(response, 200, { model: body.model ?? model, object: "list", usage, results });
    },
  };
}

function unsupported(what: string, flag: string): RefusedRequest {
  return new RefusedRequest(501, `This server does not support ${what}. Start it with \`${flag}\``);
}

/** @throws RefusedRequest 500 for a text that is too long. */
function tokensOf(prompts: readonly Prompt[]): number {
  const counts = prompts.map(({ tokens }) => tokens.length);
  const longest = Math.max(...counts);
  if (longest > PHYSICAL_BATCH) {
    const advice = `increase the physical batch size (current batch size: ${PHYSICAL_BATCH})`;
    throw new RefusedRequest(500, `input (${longest} tokens) is too large to process. ${advice}`);
  }
  return counts.reduce((sum, count) => sum + count, 0);
}

function textsOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((each) => typeof each === "string") ? value : undefined;
}
