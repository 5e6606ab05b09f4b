import { randomUUID } from "node:crypto";
import { z } from "zod";
import { sendJson } from "../answer.js";
import { relevance } from "../language/similarity.js";
import { countTokens } from "../language/text.js";
import { jsonBody } from "../request.js";
import { RefusedRequest, type SimulatedRoute } from "../simulated-model.js";
import type { ServedModel } from "./served-model.js";

const rerankSchema = z.object({
  model: z.string().nullish(),
  query: z.string(),
  documents: z.array(z.string()).min(1),
  top_n: z.int().min(0).nullish(),
});

/** `POST /v1/rerank`: documents by relevance. */
export function rerank({ model, inference, check }: ServedModel): SimulatedRoute {
  return {
    method: "POST",
    serve: async ({ body, response, signal }) => {
      const asked = jsonBody(body, rerankSchema);
      const { query, documents } = asked;
      // Each document is read together with the query.
      const prompt = documents.reduce((sum, text) => sum + countTokens(query) + countTokens(text), 0);
      check(asked.model, { prompt, tokens: 0 });
      await inference.finish({ prompt, tokens: 0 }, signal);
      const results = documents
        .map((text, index) => ({ index, document: { text }, relevance_score: relevance(query, text) }))
        .sort((one, other) => other.relevance_score - one.relevance_score)
        .slice(0, asked.top_n || documents.length);
      const id = `rerank-${randomUUID().replaceAll("-", "")}`;
      sendJson(response, 200, { id, model, usage: { total_tokens: prompt }, results });
    },
  };
}

const texts = z
  .union([z.string(), z.array(z.string()).min(1)])
  .transform((given) => (typeof given === "string" ? [given] : given));

const scoreSchema = z.object({ model: z.string().nullish(), text_1: texts, text_2: texts });

/** `POST /v1/score`: the relevance of texts, one to many or pair by pair. */
export function score({ model, inference, check }: ServedModel): SimulatedRoute {
  return {
    method: "POST",
    serve: async ({ body, response, signal }) => {
      const asked = jsonBody(body, scoreSchema);
      const pairs = pairsOf(asked.text_1, asked.text_2);
      const prompt = pairs.reduce((sum, pair) => sum + countTokens(pair.join(" ")), 0);
      check(asked.model, { prompt, tokens: 0 });
      await inference.finish({ prompt, tokens: 0 }, signal);
      sendJson(response, 200, {
        id: `score-${randomUUID().replaceAll("-", "")}`,
        object: "list",
        created: Math.floor(Date.now() / 1000),
        model,
        data: pairs.map(([one, other], index) => ({ index, object: "score", score: relevance(one, other) })),
        usage: { prompt_tokens: prompt, total_tokens: prompt, completion_tokens: 0 },
      });
    },
  };
}

function pairsOf(ones: readonly string[], others: readonly string[]): readonly (readonly [string, string])[] {
  const [only = ""] = ones;
  if (ones.length !== 1 && ones.length !== others.length) {
    throw new RefusedRequest(400, "Input lengths must be either 1:1, 1:N or N:N");
  }
  return others.map((other, index) => [ones.length === 1 ? only : (ones[index] ?? ""), other]);
}
