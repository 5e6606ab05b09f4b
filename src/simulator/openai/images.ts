import { setImmediate as nextTurn } from "node:timers/promises";
import { z } from "zod";
import { formBody } from "../form-body.js";
import { jsonBody } from "../json-body.js";
import { countTokens } from "../language/count-tokens.js";
import { png } from "../media/png.js";
import { sendJson } from "../send-json.js";
import { type Exchange, RefusedRequest, type SimulatedRoute } from "../simulated-model.js";
import type { Served } from "./served.js";

/** Longest side of an image, in pixels. */
const MOST = 2048;
/** Tokens that stand for the making of one image of 1024 × 1024. */
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

type Asked = z.infer<typeof schema>;

/** `POST /v1/images/generations`. */
export function imageGenerations(served: Served): SimulatedRoute {
  return {
    method: "POST",
    serve: (exchange) => paint(served, jsonBody(exchange.body, schema), exchange),
  };
}

/** `POST /v1/images/edits`: a form with the images. */
export function imageEdits(served: Served): SimulatedRoute {
  return {
    method: "POST",
    serve: async (exchange) => {
      const form = await formBody(exchange.request, exchange.body);
      const images = [...form.getAll("image"), ...form.getAll("image[]")];
      if (images.length === 0) throw new RefusedRequest(400, "image: Field required");
      for (const image of images) {
        if (!(image instanceof File)) throw new RefusedRequest(400, "image: expected a file");
        if (!(await isPng(image))) throw new RefusedRequest(400, `Invalid image: ${image.name} is no PNG`);
      }
      const fields = [...form].filter(([, value]) => typeof value === "string");
      const text = Buffer.from(JSON.stringify(Object.fromEntries(fields)));
      await paint(served, jsonBody(text, schema), exchange);
    },
  };
}

async function isPng(image: File): Promise<boolean> {
  return Buffer.from(await image.slice(0, 8).arrayBuffer()).toString("latin1") === "\x89PNG\r\n\x1a\n";
}

async function paint(
  { inference, check }: Served,
  { model, prompt, n, size }: Asked,
  { response, signal }: Exchange,
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
    data.push({ b64_json: gradient(width, height, seed).toString("base64") });
  }
  sendJson(response, 200, { created: Math.floor(Date.now() / 1000), data });
}

/** Width and height of a size such as `1024x768`. */
function sidesOf(size: string): readonly [number, number] {
  const [width = 0, height = 0] = size.split("x").map(Number);
  return [width, height];
}

/** Colours that change from left to right and from top to bottom, and follow from the seed. */
function gradient(width: number, height: number, seed: number): Buffer {
  const [red, green, blue] = [seed & 127, (seed >> 8) & 127, (seed >> 16) & 255];
  const pixels = new Uint8Array(3 * width * height);
  let at = 0;
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      pixels[at++] = red + (128 * column) / width;
      pixels[at++] = green + (128 * row) / height;
      pixels[at++] = blue;
    }
  }
  return png({ width, height, pixels });
}
