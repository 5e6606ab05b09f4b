import { isUtf8 } from "node:buffer";
import { fetchPayload } from "../client/fetch/fetch-payload.js";
import type { Payload } from "../shared/wire.js";

/** The body of a request: the JSON that a worker gets as the payload. */
export interface RequestPayload {
  readonly json: Buffer;
  readonly payload: Payload;
}

/** Whether a content type is that of a form with files. */
export const isForm = (contentType: string): boolean => /^\s*multipart\/form-data\b/i.test(contentType);

/**
 * Reads a JSON object. The bytes go into the envelope as they are: so nothing but one whole object may pass, or a client
 * could add fields to the envelope.
 *
 * @returns undefined: the body is something else.
 */
export function jsonPayload(json: Buffer): RequestPayload | undefined {
  if (!isUtf8(json)) return undefined;
  let payload: unknown;
  try {
    payload = JSON.parse(json.toString());
  } catch {
    return undefined;
  }
  return isObject(payload) ? { json, payload } : undefined;
}

/**
 * Reads a form as the payload of which a worker makes the same form: files are base64 text, and the name of the one called
 * `file` is `filename`.
 *
 * @returns undefined: the form is malformed.
 */
export async function formPayload(body: Buffer, contentType: string): Promise<RequestPayload | undefined> {
  let form: FormData;
  try {
    form = await new Response(body, { headers: { "content-type": contentType } }).formData();
  } catch {
    return undefined;
  }
  const payload = await fetchPayload(form);
  return payload && { json: Buffer.from(JSON.stringify(payload)), payload };
}

const isObject = (value: unknown): value is Payload =>
  typeof value === "object" && value !== null && !Array.isArray(value);
