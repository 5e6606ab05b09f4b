import type { Payload } from "../../shared/wire.js";
import { fieldsOf, parsedJson } from "../request/http-response.js";

/** A body of `fetch`, JSON or a form, as a payload; undefined: it is neither. */
export async function fetchPayload(body: unknown): Promise<Payload | undefined> {
  if (body instanceof FormData) return formPayload(body);
  const value = typeof body === "string" ? parsedJson(body) : undefined;
  return Array.isArray(value) || value === null || typeof value !== "object"
    ? undefined
    : { ...fieldsOf(value) };
}

/** The body of a `Request`, which has no type of its own. */
export const requestBody = (request: Request): Promise<string | FormData> =>
  /^multipart\/form-data\b/i.test(request.headers.get("content-type") ?? "")
    ? request.formData()
    : request.text();

/** Suffix of the names of fields with several values. */
const LIST = "[]";

/**
 * A form as a payload of which a worker makes the same form: files as base64 text, and the name of the one called `file` as
 * `filename`. Repeated fields are lists, and so are those with the suffix `[]`, which is removed.
 */
async function formPayload(form: FormData): Promise<Payload> {
  const payload = new Map<string, unknown>();
  for (const key of new Set(form.keys())) {
    const entries = form.getAll(key);
    const name = key.endsWith(LIST) ? key.slice(0, -LIST.length) : key;
    const values = await Promise.all(entries.map(textOf));
    payload.set(name, values.length > 1 || name !== key ? values : values[0]);
    const [entry] = entries;
    if (name === "file" && entry instanceof File) payload.set("filename", entry.name);
  }
  return Object.fromEntries(payload);
}

const textOf = async (entry: File | string): Promise<string> =>
  typeof entry === "string" ? entry : base64(new Uint8Array(await entry.arrayBuffer()));

/** Bytes per chunk: a multiple of three, so that the texts of the chunks can be concatenated. */
const CHUNK_SIZE = 3 * 8192;

/** Base64 text of bytes, in browsers too. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (let from = 0; from < bytes.length; from += CHUNK_SIZE) {
    text += btoa(String.fromCharCode(...bytes.subarray(from, from + CHUNK_SIZE)));
  }
  return text;
}
