import { randomUUID } from "node:crypto";
import { z } from "zod";
import { jsonBody } from "../json-body.js";
import { countTokens } from "../language/count-tokens.js";
import { sendJson } from "../send-json.js";
import { RefusedRequest, type SimulatedRoute } from "../simulated-model.js";
import { relevance } from "./relevance.js";
import type { Served } from "./served.js";

const texts = z
  .union([z.string(), z.array(z.string()).min(1)])
  .transform((given) => (typeof given === "string" ? [given] : given));

const schema = z.object({ model: z.string().nullish(), text_1: texts, text_2: texts });

/** `POST /v1/score`: how well texts fit each other, one with many or pair by pair. */
export function score({ model, inference, check }: Served): SimulatedRoute {
  return {
    method: "POST",
    serve: async ({ body, response, signal }) => {
      const asked = jsonBody(body, schema);
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
