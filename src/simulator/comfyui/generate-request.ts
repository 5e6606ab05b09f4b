import { randomUUID } from "node:crypto";
import { z } from "zod";
import { jsonBody } from "../json-body.js";
import { RefusedRequest } from "../simulated-model.js";
import { textToImage } from "./text-to-image.js";
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

/** Where files are uploaded to. */
export type S3Target = z.infer<typeof s3Schema>;
/** Who is told of the end. */
export type Webhook = z.infer<typeof webhookSchema>;

/** What the wrapper is asked for. */
export interface GenerateRequest {
  readonly id: string;
  /** Not checked yet; its random numbers are there. */
  readonly workflow: Readonly<Record<string, unknown>>;
  readonly s3: S3Target | undefined;
  readonly webhook: Webhook | undefined;
  readonly wantsBase64: boolean;
}

/** The status of FastAPI for a body that does not fit. */
const UNPROCESSABLE = 422;

/** Reads what the wrapper is sent. @throws RefusedRequest. */
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
