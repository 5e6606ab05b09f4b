import type { Payload } from "../../shared/wire.js";
import { base64 } from "./base64.js";

/** How a form names the fields of which it has several. */
const LIST = "[]";

/**
 * A form as the payload that a worker makes the same form of: files as base64 text, and the name of the one called
 * `file` as `filename`. Fields that come more than once are lists, and so are those with `[]` behind their name, which
 * they lose.
 */
export async function formPayload(form: FormData): Promise<Payload> {
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
