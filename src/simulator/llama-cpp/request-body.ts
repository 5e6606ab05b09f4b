import { RefusedRequest } from "../simulated-model.js";

/** A JSON object that a client sent. */
export type Body = Readonly<Record<string, unknown>>;

/** Reads a body as the JSON library of llama.cpp does. @throws RefusedRequest 500 for what is not JSON, 400 for another value. */
export function readBody(bytes: Buffer): Body {
  const value = parse(bytes.toString("utf8"));
  if (isObject(value)) return value;
  const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  throw new RefusedRequest(400, `[json.exception.type_error.304] cannot use at() with ${kind}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const [, position = text.length] = /at position (\d+)/.exec(String(error)) ?? [];
    const before = text.slice(0, Number(position)).split("\n");
    const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
    throw new RefusedRequest(500, `[json.exception.parse_error.101] parse error at ${place}: syntax error`);
  }
}

/** A field that a request must have. @throws RefusedRequest with `status`. */
export function required(body: Body, field: string, status = 400): unknown {
  if (body[field] !== undefined) return body[field];
  throw new RefusedRequest(status, `[json.exception.out_of_range.403] key '${field}' not found`);
}

/** The first of the fields with a number. Values of another type count as absent, as with llama.cpp. */
export function numberOf(body: Body, ...fields: readonly string[]): number | undefined {
  return fields.map((field) => body[field]).find((value): value is number => typeof value === "number");
}

export const isTrue = (body: Body, field: string): boolean => body[field] === true;

export function isObject(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
