import { randomUUID } from "node:crypto";
import { z } from "zod";
import { jsonBody } from "../json-body.js";
import { countTokens } from "../language/count-tokens.js";
import { sendJson } from "../send-json.js";
import type { SimulatedRoute } from "../simulated-model.js";
import { relevance } from "./relevance.js";
import type { Served } from "./served.js";

const schema = z.object({
  model: z.string().nullish(),
  query: z.string(),
  documents: z.array(z.string()).min(1),
  top_n: z.int().min(0).nullish(),
});

/** `POST /v1/rerank`: the documents, best first. */
export function rerank({ model, inference, check }: Served): SimulatedRoute {
  return {
    method: "POST",
    serve: async ({ body, response, signal }) => {
      const asked = jsonBody(body, schema);
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
