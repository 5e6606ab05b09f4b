import { z } from "zod";
import { jsonBody } from "../json-body.js";
import { countTokens } from "../language/count-tokens.js";
import { tone } from "../media/wav.js";
import { RefusedRequest, type SimulatedRoute } from "../simulated-model.js";
import type { Served } from "./served.js";

const SECONDS_PER_WORD = 0.35;
const MAX_SECONDS = 60;
/** Tokens that stand for a second of sound. */
const TOKENS_PER_SECOND = 50;

const schema = z.object({
  model: z.string().nullish(),
  input: z.string().min(1),
  voice: z.string().nullish(),
  response_format: z.string().nullish(),
  speed: z.number().min(0.25).max(4).nullish(),
});

/** `POST /v1/audio/speech`: a tone as long as the text would take to say, in the pitch of the voice. */
export function speech({ inference, check }: Served): SimulatedRoute {
  return {
    method: "POST",
    serve: async ({ body, response, signal }) => {
      const { model, input, voice, response_format: format, speed } = jsonBody(body, schema);
      if (format && format !== "wav") {
        throw new RefusedRequest(
          400,
          `response_format '${format}' is not supported: this server makes wav only`,
        );
      }
      const words = countTokens(input);
      const seconds = Math.min(MAX_SECONDS, (words * SECONDS_PER_WORD) / (speed ?? 1));
      const work = { prompt: words, tokens: Math.ceil(seconds * TOKENS_PER_SECOND) };
      check(model, work);
      await inference.finish(work, signal);
      const wav = tone(seconds, 220 + (inference.seedFor(voice ?? "") % 220));
      response.writeHead(200, { "content-type": "audio/wav", "content-length": wav.length });
      response.end(wav);
    },
  };
}
