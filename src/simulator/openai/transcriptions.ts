import { createHash } from "node:crypto";
import { formBody } from "../form-body.js";
import { wavSeconds } from "../media/wav.js";
import { sendJson } from "../send-json.js";
import { RefusedRequest, type SimulatedRoute } from "../simulated-model.js";
import type { Served } from "./served.js";

const WORDS_PER_SECOND = 2.5;
/** Bytes of a second of sound in a file that is no WAV: 128 kbit. */
const BYTES_PER_SECOND = 16_000;
const FORMATS: readonly string[] = ["json", "text", "verbose_json"];

/** `POST /v1/audio/transcriptions` or `…/translations`: as many words as would be said in that time. */
export function transcriptions(served: Served, task: "transcribe" | "translate"): SimulatedRoute {
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
