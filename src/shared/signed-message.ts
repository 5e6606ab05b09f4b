/** Characters that Python escapes and `JSON.stringify` does not: DEL and non-ASCII, per UTF-16 code unit. */
const NOT_PRINTABLE_ASCII = /[\u007f-\uffff]/g;

/**
 * The text that the engine signs for a worker's URL: byte for byte the output of Python's
 * `json.dumps({"url": url}, indent=4, sort_keys=True)`.
 *
 * `JSON.stringify` agrees with Python on `\"`, `\\`, the short escapes, control characters and lone surrogates
 * (lowercase hex in both); only {@link NOT_PRINTABLE_ASCII} differs.
 *
 * @example
 * ```ts
 * signedMessage("http://127.0.0.1:3000"); // '{\n    "url": "http://127.0.0.1:3000"\n}'
 * ```
 */
export function signedMessage(url: string): string {
  const text = JSON.stringify(url).replace(NOT_PRINTABLE_ASCII, escapeCodeUnit);
  return `{\n    "url": ${text}\n}`;
}

function escapeCodeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
