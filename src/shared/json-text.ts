import { constants } from "node:buffer";

/** Bytes of which the base64 text still fits into a string. */
const MAX_BYTES_AS_TEXT = Math.floor(constants.MAX_STRING_LENGTH / 4) * 3 - 3;

/** Levels down to which a value is looked through before it is written the slow way, which notices circles. */
const MAX_SEARCH_DEPTH = 1000;

/** Whether a value has to be written the slow way: something in it is none of JSON's own. */
function needsOwnWriter(value: unknown, depth: number): boolean {
  if (typeof value === "bigint") return true;
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Uint8Array || depth > MAX_SEARCH_DEPTH) return true;
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return items.some((item) => needsOwnWriter(item, depth + 1));
}

function bytesAsText(bytes: Uint8Array): string {
  if (bytes.length > MAX_BYTES_AS_TEXT) throw new RangeError("Invalid string length");
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** @param around the objects that `value` stands in. */
function write(value: unknown, key: string, around: Set<object>): string | undefined {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (value instanceof Uint8Array) return `"${bytesAsText(value)}"`;
  if ("toJSON" in value && typeof value.toJSON === "function") return write(value.toJSON(key), key, around);
  if (around.has(value))
    throw new TypeError("expected a value that can be written as JSON, got a circular one");
  around.add(value);
  const pieces: string[] = [];
  const isList = Array.isArray(value);
  if (isList) {
    for (const [index, item] of value.entries()) pieces.push(write(item, String(index), around) ?? "null");
  } else {
    for (const [name, item] of Object.entries(value)) {
      const text = write(item, name, around);
      if (text !== undefined) pieces.push(`${JSON.stringify(name)}:${text}`);
    }
  }
  around.delete(value);
  return isList ? `[${pieces.join(",")}]` : `{${pieces.join(",")}}`;
}

/**
 * JSON text of a value that came in msgpack: as `JSON.stringify` writes it, but bigints as their exact digits and bytes
 * as base64 text.
 *
 * @throws RangeError for what is nested deeper, or is larger, than can be written; {@link whyUnwritable} says which.
 * @throws TypeError for a circular value, and for one that JSON has no text for, such as a function.
 * @example
 * ```ts
 * jsonText({ seed: 2n ** 64n, image: Buffer.from("hi") }); // {"seed":18446744073709551616,"image":"aGk="}
 * ```
 */
export function jsonText(value: unknown): string {
  const text = needsOwnWriter(value, 0) ? write(value, "", new Set()) : JSON.stringify(value);
  if (text === undefined)
    throw new TypeError(`expected a value that can be written as JSON, got ${typeof value}`);
  return text;
}

/** What to tell of a `RangeError` from writing JSON: the client's doing, and no better elsewhere. */
export const whyUnwritable = ({ message }: RangeError): string =>
  message.includes("string length") ? "too large to be written as JSON" : "nested too deeply";
