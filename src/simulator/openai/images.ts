import { setImmediate as nextTurn } from "node:timers/promises";
import { z } from "zod";
import { sendJson } from "../answer.js";
import { countTokens } from "../language/text.js";
import { gradient } from "../media/png.js";
import { formBody, jsonBody } from "../request.js";
import { RefusedRequest, type RouteContext, type SimulatedRoute } from "../simulated-model.js";
import type { ServedModel } from "./served-model.js";

/** Longest side of an image, in pixels. */
const MOST = 2048;
/** Tokens that an image of 1024 × 1024 takes to make. */
const TOKENS_PER_IMAGE = 200;

const schema = z.object({
  model: z.string().nullish(),
  prompt: z.string().min(1),
  n: z.coerce.number().int().min(1).max(10).nullish(),
  size: z
    .string()
    .regex(/^[1-9]\d{1,3}x[1-9]\d{1,3}$/, "expected a size such as 1024x1024")
    .refine((size) => Math.max(...sidesOf(size)) <= MOST, `expected at most ${MOST}x${MOST}`)
    .nullish(),
});

type ImageRequest = z.infer<typeof schema>;

/** `POST /v1/images/generations`. */
export function imageGenerations(served: ServedModel): SimulatedRoute {
  return {
    method: "POST",
    serve: (context) => generate(served, jsonBody(context.body, schema), context),
  };
}

/** `POST /v1/images/edits`: a form with the images. */
export function imageEdits(served: ServedModel): SimulatedRoute {
  return {
    method: "POST",
    serve: async (context) => {
      const form = await formBody(context.request, context.body);
      const images = [...form.getAll("image"), ...form.getAll("image[]")];
      if (images.length === 0) throw new RefusedRequest(400, "image: Field required");
      for (const image of images) {
        if (!(image instanceof File)) throw new RefusedRequest(400, "image: expected a file");
        if (!(await isPng(image))) throw new RefusedRequest(400, `Invalid image: ${image.name} is no PNG`);
      }
      const fields = [...form].filter(([, value]) => typeof value === "string");
      const text = Buffer.from(JSON.stringify(Object.fromEntries(fields)));
      await generate(served, jsonBody(text, schema), context);
    },
  };
}

async function isPng(image: File): Promise<boolean> {
  return Buffer.from(await image.slice(0, 8).arrayBuffer()).toString("latin1") === "\x89PNG\r\n\x1a\n";
}

async function generate(
  { inference, check }: ServedModel,
  { model, prompt, n, size }: ImageRequest,
  { response, signal }: RouteContext,
): Promise<void> {
  const [width, height] = sidesOf(size ?? "1024x1024");
  const count = n ?? 1;
  const perImage = Math.ceil((TOKENS_PER_IMAGE * width * height) / 1024 ** 2);
  const work = { prompt: countTokens(prompt), tokens: count * perImage };
  check(model, work);
  await inference.finish(work, signal);
  const data: { readonly b64_json: string }[] = [];
  for (let index = 0; index < count; index += 1) {
    await nextTurn(undefined, { signal });
    const seed = inference.seedFor(`${prompt} ${index}`);
    data.push({ b64_json: gradient({ width, height, seed }).toString("base64") });
  }
  sendJson(response, 200, { created: Math.floor(Date.now() / 1000), data });
}

/** Width and height of a size such as `1024x768`. */
function sidesOf(size: string): readonly [number, number] {
  const [width = 0, height = 0] = size.split("x").map(Number);
  return [width, height];
}
