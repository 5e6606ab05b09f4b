import { randomUUID } from "node:crypto";
import { z } from "zod";
import { jsonBody } from "../request.js";
import { RefusedRequest } from "../simulated-model.js";
import { withRandomNumbers } from "./workflow.js";

const s3Schema = z.looseObject({
  access_key_id: z.string().default(""),
  secret_access_key: z.string().default(""),
  endpoint_url: z.string().default(""),
  bucket_name: z.string().default(""),
  region: z.string().default(""),
});

const webhookSchema = z.looseObject({
  url: z.string().default(""),
  extra_params: z.record(z.string(), z.unknown()).default({}),
});

const schema = z.object({
  input: z.looseObject({
    request_id: z.string().default(""),
    modifier: z.string().default(""),
    modifications: z.record(z.string(), z.unknown()).default({}),
    workflow_json: z.record(z.string(), z.unknown()).default({}),
    s3: s3Schema.nullish(),
    webhook: webhookSchema.nullish(),
    return_outputs_as_base64: z.boolean().default(false),
  }),
});

/** Upload target of the files. */
export type S3Target = z.infer<typeof s3Schema>;
/** Called when the request has ended. */
export type Webhook = z.infer<typeof webhookSchema>;

/** A validated request to the wrapper. */
export interface GenerateRequest {
  readonly id: string;
  /** Not validated yet; random numbers are filled in. */
  readonly workflow: Readonly<Record<string, unknown>>;
  readonly s3: S3Target | undefined;
  readonly webhook: Webhook | undefined;
  readonly wantsBase64: boolean;
}

/** FastAPI's status for an invalid body. */
const UNPROCESSABLE = 422;

/** Validates a body. @throws RefusedRequest. */
export function generateRequest(body: Buffer): GenerateRequest {
  const { input } = jsonBody(body, schema, UNPROCESSABLE);
  const { modifier, modifications, workflow_json, s3, webhook } = input;
  const hasWorkflow = Object.keys(workflow_json).length > 0;
  if (hasWorkflow && modifier !== "") {
    refuse("Cannot provide both workflow_json and modifier - they are mutually exclusive");
  }
  if (!hasWorkflow && modifier === "") refuse("Must provide either workflow_json OR modifier");
  if (!hasWorkflow && modifier !== "Text2Image") refuse(`No modifier named ${modifier}`);
  const given = hasWorkflow ? workflow_json : textToImage(modifications);
  return {
    id: input.request_id || randomUUID(),
    workflow: z.record(z.string(), z.unknown()).parse(withRandomNumbers(given)),
    s3: s3?.access_key_id && s3.secret_access_key && s3.bucket_name ? s3 : undefined,
    webhook: webhook?.url ? webhook : undefined,
    wantsBase64: input.return_outputs_as_base64,
  };
}

function refuse(message: string): never {
  throw new RefusedRequest(UNPROCESSABLE, message);
}

/** The wrapper's own workflow for pictures, with a request's modifications. */
function textToImage(modifications: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const {
    prompt = "",
    negative_prompt = "",
    width = 512,
    height = 512,
    steps = 20,
    seed = "__RANDOM_INT__",
    ckpt_name = "v1-5-pruned-emaonly-fp16.safetensors",
    sampler_name = "dpmpp_2m",
    scheduler = "normal",
    cfg = 8,
    denoise = 1,
  } = modifications;
  const sampling = { seed, steps, cfg, sampler_name, scheduler, denoise };
  const links = { model: ["4", 0], positive: ["6", 0], negative: ["7", 0], latent_image: ["5", 0] };
  return {
    3: { class_type: "KSampler", inputs: { ...sampling, ...links } },
    4: { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name } },
    5: { class_type: "EmptyLatentImage", inputs: { width, height, batch_size: 1 } },
    6: { class_type: "CLIPTextEncode", inputs: { text: prompt, clip: ["4", 1] } },
    7: { class_type: "CLIPTextEncode", inputs: { text: negative_prompt, clip: ["4", 1] } },
    8: { class_type: "VAEDecode", inputs: { samples: ["3", 0], vae: ["4", 2] } },
    9: { class_type: "SaveImage", inputs: { filename_prefix: "image", images: ["8", 0] } },
  };
}
