import { constants } from "node:buffer";

/** Maximum number of bytes whose base64 text fits into a string. */
const MAX_BYTES_AS_TEXT = Math.floor(constants.MAX_STRING_LENGTH / 4) * 3 - 3;

/** Depth beyond which a value is left to the slow writer, which detects cycles. */
const MAX_SEARCH_DEPTH = 1000;

/** Whether a value contains a bigint or bytes, which `JSON.stringify` cannot write. */
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

/** @param ancestors the objects that contain `value`. */
function write(value: unknown, key: string, ancestors: Set<object>): string | undefined {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (value instanceof Uint8Array) return `"${bytesAsText(value)}"`;
  if ("toJSON" in value && typeof value.toJSON === "function")
    return write(value.toJSON(key), key, ancestors);
  if (ancestors.has(value))
    throw new TypeError("expected a value that can be written as JSON, got a circular one");
  ancestors.add(value);
  const pieces: string[] = [];
  const isList = Array.isArray(value);
  if (isList) {
    for (const [index, item] of value.entries()) pieces.push(write(item, String(index), ancestors) ?? "null");
  } else {
    for (const [name, item] of Object.entries(value)) {
      const text = write(item, name, ancestors);
      if (text !== undefined) pieces.push(`${JSON.stringify(name)}:${text}`);
    }
  }
  ancestors.delete(value);
  return isList ? `[${pieces.join(",")}]` : `{${pieces.join(",")}}`;
}

/**
 * JSON text of a value decoded from msgpack: as `JSON.stringify` writes it, with bigints as their exact digits and bytes
 * as base64 text.
 *
 * @throws RangeError for a value that is nested too deeply or too large; {@link whyUnwritable} distinguishes them.
 * @throws TypeError for a circular value, and for one without JSON text, such as a function.
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

/** The error message for a `RangeError` of {@link jsonText}. */
export const whyUnwritable = ({ message }: RangeError): string =>
  message.includes("string length") ? "too large to be written as JSON" : "nested too deeply";
