import { createHash } from "node:crypto";
import { z } from "zod";
import { sendJson } from "../answer.js";
import { countTokens } from "../language/text.js";
import { wavSeconds, wavTone } from "../media/sound.js";
import { formBody, jsonBody } from "../request.js";
import { RefusedRequest, type SimulatedRoute } from "../simulated-model.js";
import type { ServedModel } from "./served-model.js";

const SECONDS_PER_WORD = 0.35;
const MAX_SECONDS = 60;
/** Tokens that a second of sound takes to make. */
const TOKENS_PER_SECOND = 50;

const speechSchema = z.object({
  model: z.string().nullish(),
  input: z.string().min(1),
  voice: z.string().nullish(),
  response_format: z.string().nullish(),
  speed: z.number().min(0.25).max(4).nullish(),
});

/** `POST /v1/audio/speech`: a tone; its length depends on the text, its pitch on the voice. */
export function speech({ inference, check }: ServedModel): SimulatedRoute {
  return {
    method: "POST",
    serve: async ({ body, response, signal }) => {
      const { model, input, voice, response_format: format, speed } = jsonBody(body, speechSchema);
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
      const wav = wavTone(seconds, 220 + (inference.seedFor(voice ?? "") % 220));
      response.writeHead(200, { "content-type": "audio/wav", "content-length": wav.length });
      response.end(wav);
    },
  };
}

const WORDS_PER_SECOND = 2.5;
/** Assumed bytes per second of a file other than WAV: 128 kbit/s. */
const BYTES_PER_SECOND = 16_000;
const FORMATS: readonly string[] = ["json", "text", "verbose_json"];

/** `POST /v1/audio/transcriptions` or `…/translations`: the number of words depends on the file's duration. */
export function transcriptions(served: ServedModel, task: "transcribe" | "translate"): SimulatedRoute {
  const { inference } = served;
  return {
    method: "POST",
    serve: async ({ request, body, response, signal }) => {
      const form = await formBody(request, body);
      const file = form.get("file");
      if (!(file instanceof File)) throw new RefusedRequest(400, "file: Field required");
      const format = textOf(form, "response_format") ?? "json";
      if (!FORMATS.includes(format)) {
        throw new RefusedRequest(400, `response_format '${format}' is not one of ${FORMATS.join(", ")}`);
      }
      const bytes = Buffer.from(await file.arrayBuffer());
      if (bytes.length === 0) throw new RefusedRequest(400, "Invalid or unsupported audio file.");
      const duration = wavSeconds(bytes) ?? bytes.length / BYTES_PER_SECOND;
      const work = { prompt: 0, tokens: Math.max(1, Math.round(duration * WORDS_PER_SECOND)) };
      served.check(textOf(form, "model"), work);
      const asked = `${task} ${createHash("sha256").update(bytes).digest("hex")}`;
      const text = await inference.text(asked, work, signal);
      if (format === "text") {
        response.writeHead(200, { "content-type": "text/plain; charset=utf-8" });
        response.end(text);
      } else if (format === "json") {
        sendJson(response, 200, { text, usage: { type: "duration", seconds: Math.ceil(duration) } });
      } else {
        const language = task === "translate" ? "en" : (textOf(form, "language") ?? "en");
        const segments = [{ id: 0, start: 0, end: duration, text }];
        sendJson(response, 200, { task, language, duration, text, segments });
      }
    },
  };
}

function textOf(form: FormData, field: string): string | undefined {
  const value = form.get(field);
  return typeof value === "string" && value !== "" ? value : undefined;
}
