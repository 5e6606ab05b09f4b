import { z } from "zod";
import { sendJson } from "../answer.js";
import { base64Of, unitVector } from "../language/similarity.js";
import { countTokens } from "../language/text.js";
import { jsonBody } from "../request.js";
import type { SimulatedRoute } from "../simulated-model.js";
import type { ServedModel } from "./served-model.js";

const DIMENSIONS = 384;

/** Texts of a request, as OpenAI limits them. */
const MOST_TEXTS = 2048;

const tokenIds = z.array(z.int()).min(1);

const schema = z.object({
  model: z.string().nullish(),
  input: z.union([
    z.string(),
    z.array(z.string()).min(1).max(MOST_TEXTS),
    tokenIds,
    z.array(tokenIds).min(1).max(MOST_TEXTS),
  ]),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: z.int().positive().max(4096).nullish(),
});

/** `POST /v1/embeddings`: unit vectors; equal texts have equal ones. */
export function embeddings({ model, inference, check }: ServedModel): SimulatedRoute {
  return {
    method: "POST",
    serve: async ({ body, response, signal }) => {
      const asked = jsonBody(body, schema);
      const texts = textsOf(asked.input);
      const prompt = texts.reduce((sum, text) => sum + countTokens(text), 0);
      const work = { prompt, tokens: 0 };
      check(asked.model, work);
      await inference.finish(work, signal);
      const data = texts.map((text, index) => {
        const vector = unitVector(inference.seedFor(text), asked.dimensions ?? DIMENSIONS);
        const embedding = asked.encoding_format === "base64" ? base64Of(vector) : Array.from(vector);
        return { object: "embedding", index, embedding };
      });
      const usage = { prompt_tokens: prompt, total_tokens: prompt };
      sendJson(response, 200, { object: "list", data, model, usage });
    },
  };
}

function textsOf(input: z.infer<typeof schema>["input"]): readonly string[] {
  if (typeof input === "string") return [input];
  if (typeof input[0] === "number") return [input.join(" ")];
  return input.map((each) => (Array.isArray(each) ? each.join(" ") : String(each)));
}
