/** The body of a request to the model: bytes, whole or in parts, or a text of one byte per character. */
export type RequestBody = Uint8Array | string | readonly Uint8Array[];

/** Bytes of a body. */
export function lengthOf(body: RequestBody): number {
  if (typeof body === "string" || body instanceof Uint8Array) return body.length;
  let length = 0;
  for (const part of body) length += part.length;
  return length;
}
